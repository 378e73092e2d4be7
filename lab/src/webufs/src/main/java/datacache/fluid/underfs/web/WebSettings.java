// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.conf.AlluxioConfiguration;
import alluxio.conf.PropertyKey;

import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/**
 * What can be set, under the names that Alluxio's own web under-store has in its PropertyKey.
 *
 * @param timeout longest wait for a connection, for a response, and for the next piece of a body
 *     ({@code alluxio.underfs.web.connnection.timeout}, spelled so)
 * @param lastModified format of the header Last-Modified
 *     ({@code alluxio.underfs.web.header.last.modified})
 * @param parentNames texts of links to the parent ({@code alluxio.underfs.web.parent.names})
 * @param titles an index page's title contains one of them ({@code alluxio.underfs.web.titles})
 * @param blockSize of the files, in bytes ({@code alluxio.user.block.size.bytes.default})
 */
record WebSettings(Duration timeout, DateTimeFormatter lastModified, List<String> parentNames,
                   List<String> titles, long blockSize) {

  static WebSettings from(AlluxioConfiguration conf) {
    return new WebSettings(
        conf.getDuration(PropertyKey.UNDERFS_WEB_CONNECTION_TIMEOUT),
        DateTimeFormatter.ofPattern(
            conf.getString(PropertyKey.UNDERFS_WEB_HEADER_LAST_MODIFIED), Locale.ENGLISH),
        conf.getList(PropertyKey.UNDERFS_WEB_PARENT_NAMES),
        conf.getList(PropertyKey.UNDERFS_WEB_TITLES),
        conf.getBytes(PropertyKey.USER_BLOCK_SIZE_BYTES_DEFAULT));
  }
}
