// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import alluxio.conf.Configuration;
import alluxio.underfs.UnderFileSystem;
import alluxio.underfs.UnderFileSystemConfiguration;
import alluxio.underfs.UnderFileSystemFactoryRegistry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;

class WebUnderFileSystemFactoryTest {
  private final WebUnderFileSystemFactory factory = new WebUnderFileSystemFactory();

  @ParameterizedTest
  @ValueSource(strings = {"http://mirror/", "https://mirror/apache", "HTTP://mirror"})
  void isFoundByAlluxio(String path) {
    assertInstanceOf(WebUnderFileSystemFactory.class,
        UnderFileSystemFactoryRegistry.find(path, Configuration.global()));
  }

  @Test
  void isMadeByAlluxioAsTypeWeb() throws IOException {
    try (UnderFileSystem ufs =
             UnderFileSystem.Factory.create("http://mirror/apache", Configuration.global())) {
      assertEquals("web", ufs.getUnderFSType());
    }
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "/opt/data", "hdfs://mirror/", "httpx://mirror/", "http:/mirror"})
  void supportsNothingElse(String path) {
    assertFalse(factory.supportsPath(path));
    UnderFileSystemConfiguration conf =
        UnderFileSystemConfiguration.defaults(Configuration.global());
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> factory.create(path, conf));
    assertTrue(refusal.getMessage().contains("expected an http:// or https:// path"));
  }
}
