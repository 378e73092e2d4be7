// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.AlluxioURI;
import alluxio.underfs.UfsFileStatus;
import alluxio.underfs.UnderFileSystemConfiguration;

import java.io.IOException;

/** What differs between Alluxio's versions: this is 2.9.0. */
abstract class VersionedUnderFileSystem extends ReadOnlyUnderFileSystem {
  VersionedUnderFileSystem(AlluxioURI uri, UnderFileSystemConfiguration conf) {
    super(uri, conf);
  }

  abstract UfsFileStatus fileStatus(String path) throws IOException;

  abstract void release() throws IOException;

  @Override
  public UfsFileStatus getFileStatus(String path) throws IOException {
    return fileStatus(path);
  }

  @Override
  public void close() throws IOException {
    release();
  }
}
