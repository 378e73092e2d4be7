// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

class IndexPageTest {
  private static final URI PAGE = URI.create("http://mirror/apache/hbase/stable/");
  private static final List<String> PARENTS = List.of("Parent Directory", "..", "../");

  /** The tree whose pages were recorded; its names hold what URLs and HTML escape. */
  private static final Set<String> DIRECTORIES = Set.of("docs", "empty dir");
  private static final Set<String> FILES = Set.of("CHANGES.md", "a b+c%20&é#?.txt", "empty",
      "hbase-2.6.1-a-very-long-name-that-index-pages-cut-off-in-their-text.tar.gz.sha512",
      "hbase-2.6.1-bin.tar.gz", "x<y>.txt");

  @ParameterizedTest
  @ValueSource(strings = {"nginx", "fancyindex", "apache-table", "apache-pre", "python"})
  void findsEachChildOnce(String server) throws IOException {
    Map<Boolean, Set<String>> names = recorded(server).entries().stream().collect(
        Collectors.partitioningBy(IndexEntry::directory,
            Collectors.mapping(IndexEntry::name, Collectors.toSet())));
    assertEquals(DIRECTORIES, names.get(true));
    assertEquals(FILES, names.get(false));
    assertEquals(DIRECTORIES.size() + FILES.size(), recorded(server).entries().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nginx", "fancyindex", "apache-table", "apache-pre"})
  void readsTheDateOfEachChild(String server) throws IOException {
    Optional<Instant> minute = Optional.of(Instant.parse("2024-11-07T03:04:00Z"));
    for (IndexEntry entry : recorded(server).entries()) {
      assertEquals(minute, entry.modified(), entry.name());
    }
  }

  @ParameterizedTest
  @CsvSource({
      "nginx, Index of /apache/hbase/stable/",
      "apache-table, Index of /apache/hbase/stable",
      "python, Directory listing for /apache/hbase/stable/"})
  void readsTheTitle(String server, String title) throws IOException {
    assertEquals(title, recorded(server).title());
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "../", "/apache/hbase/", "/", "./", "", "#top", "/apache/hbase/stable/", // itself or above
      "?C=N;O=D", "?C=M&amp;O=A", "file?download=1", // a sorted view, not a child
      "http://elsewhere/apache/hbase/stable/x", "//elsewhere/apache/hbase/stable/x",
      "http://mirror:8080/apache/hbase/stable/x", "https://mirror/apache/hbase/stable/x",
      "mailto:admin@mirror", "javascript:void(0)", "/icons/back.gif", "/apache/hbase/stablex",
      "docs/deeper.html", "docs/deeper/", // a child's child
      "a%2Fb", "a%5Cb", "%2e%2e/", "%zz"}) // names that no path can hold
  void ignoresWhatIsNoDirectChild(String href) {
    assertEquals(List.of(), parse("<a href=\"" + href + "\">x</a>").entries());
  }

  @ParameterizedTest
  @CsvSource({
      "x, x", "./x, x", "/apache/hbase/stable/x, x", "http://mirror/apache/hbase/stable/x, x",
      "http://MIRROR:80/apache/hbase/stable/x, x", "//mirror/apache/hbase/stable/x, x", "x#part, x",
      "../stable/x, x", "a b, a b", "a+b, a+b", "a%2Bb, a+b", "100%25, 100%", "[x], [x]",
      "%E6%96%87, 文", "文, 文"})
  void takesEachSpellingOfALinkToAChild(String href, String name) {
    assertEquals(List.of(new IndexEntry(name, false, Optional.empty())),
        parse("<a href=\"" + href + "\">x</a>").entries());
  }

  @Test
  void ignoresALinkWithTheTextOfAParent() {
    assertEquals(List.of(), parse("<a href=\"up\">parent directory</a>").entries());
  }

  @Test
  void resolvesLinksAgainstTheBaseOfThePage() {
    String html = "<head><base href=\"/apache/hbase/stable/docs/\"></head><a href=\"../x\">x</a>";
    assertEquals("x", parse(html).entries().get(0).name());
  }

  @Test
  void keepsOrderAndTheFirstOfTwoLinksToOneChild() {
    IndexPage page = parse("<a href=\"b/\">icon</a><a href=\"a\">a</a><a href=\"b/\">b</a>");
    assertEquals(List.of("b", "a"), page.entries().stream().map(IndexEntry::name).toList());
  }

  @Test
  void takesAPageWithoutLinksAsAnEmptyDirectory() {
    IndexPage page = parse("<title>Index of /</title>");
    assertTrue(page.entries().isEmpty());
    assertEquals("Index of /", page.title());
  }

  private static IndexPage parse(String html) {
    return IndexPage.parse(html, PAGE, PARENTS);
  }

  private static IndexPage recorded(String server) throws IOException {
    try (InputStream page =
             IndexPageTest.class.getResourceAsStream("/index/" + server + ".html")) {
      return parse(new String(page.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
