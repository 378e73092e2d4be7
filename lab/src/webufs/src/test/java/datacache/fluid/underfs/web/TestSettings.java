// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.conf.AlluxioProperties;
import alluxio.conf.InstancedConfiguration;

import java.time.Duration;

/** Alluxio's defaults with a timeout of the test's own. */
final class TestSettings {
  private TestSettings() {}

  static WebSettings with(Duration timeout) {
    WebSettings defaults =
        WebSettings.from(new InstancedConfiguration(new AlluxioProperties()));
    return new WebSettings(timeout, defaults.lastModified(), defaults.parentNames(),
        defaults.titles(), defaults.blockSize());
  }
}
