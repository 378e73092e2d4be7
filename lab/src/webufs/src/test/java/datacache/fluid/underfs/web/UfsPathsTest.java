// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import alluxio.AlluxioURI;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UfsPathsTest {
  private final UfsPaths paths = new UfsPaths(new AlluxioURI("https://mirror:8443/apache/stable"));

  @ParameterizedTest
  @CsvSource({
      "https://mirror:8443/apache/stable, https://mirror:8443/apache/stable",
      "https://mirror:8443/apache/stable/, https://mirror:8443/apache/stable",
      "https://mirror:8443/other, https://mirror:8443/other",
      "https://mirror:8443, https://mirror:8443/",
      "https://mirror:8443/, https://mirror:8443/",
      "/apache/stable, https://mirror:8443/apache/stable",
      "'', https://mirror:8443/",
      "/a b/100%?#+.txt, https://mirror:8443/a%20b/100%25%3F%23+.txt",
      "/文, https://mirror:8443/%E6%96%87"})
  void escapesAPathAsAUrl(String path, String url) {
    assertEquals(url, paths.file(path).toString());
  }

  @ParameterizedTest
  @CsvSource({"/a, https://mirror:8443/a/", "/, https://mirror:8443/"})
  void endsADirectoryInOneSlash(String path, String url) {
    assertEquals(url, paths.directory(path).toString());
  }
}
