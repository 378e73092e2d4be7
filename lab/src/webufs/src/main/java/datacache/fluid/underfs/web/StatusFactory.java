// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.underfs.UfsDirectoryStatus;
import alluxio.underfs.UfsFileStatus;
import alluxio.underfs.UfsStatus;
import alluxio.util.UnderFileSystemUtils;

import java.time.Instant;

/**
 * Makes Alluxio's statuses of what a web server tells.
 *
 * @param blockSize of the files, in bytes
 */
record StatusFactory(long blockSize) {
  private static final short FILE_MODE = 0444;
  private static final short DIRECTORY_MODE = 0555;
  /** The web knows no owners; an empty name leaves the owner out of Alluxio's fingerprint. */
  private static final String NOBODY = "";

  /**
   * The status of a resource.
   *
   * <p>The content hash is the file's length and time, as in Alluxio's other under-stores, because
   * the mirrors behind one name give the same file different ETags.
   *
   * @throws UnknownLengthException for a file whose length the server does not tell
   */
  UfsStatus of(String name, WebResource resource) throws UnknownLengthException {
    Long modifiedMs = resource.modifiedMs().isPresent() ? resource.modifiedMs().getAsLong() : null;
    if (resource.directory()) {
      return directory(name, modifiedMs);
    }
    long length = resource.length().orElseThrow(() -> new UnknownLengthException(name));
    String contentHash = modifiedMs == null
        ? UnderFileSystemUtils.approximateContentHash(length, 0) + resource.etag()
        : UnderFileSystemUtils.approximateContentHash(length, modifiedMs);
    return new UfsFileStatus(name, contentHash, length, modifiedMs, NOBODY, NOBODY, FILE_MODE,
        blockSize);
  }

  /** The status of a directory that an index page lists. */
  UfsStatus directory(IndexEntry entry) {
    return directory(entry.name(), entry.modified().map(Instant::toEpochMilli).orElse(null));
  }

  private static UfsStatus directory(String name, Long modifiedMs) {
    return new UfsDirectoryStatus(name, NOBODY, NOBODY, DIRECTORY_MODE, modifiedMs);
  }
}
