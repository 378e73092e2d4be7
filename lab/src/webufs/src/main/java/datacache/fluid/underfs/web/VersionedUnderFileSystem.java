// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.AlluxioURI;
import alluxio.underfs.UfsFileStatus;
import alluxio.underfs.UnderFileSystemConfiguration;
import alluxio.underfs.options.GetFileStatusOptions;

import java.io.IOException;

/** What differs between Alluxio's versions: this is 2.9.4; versions/ has the others. */
abstract class VersionedUnderFileSystem extends ReadOnlyUnderFileSystem {
  VersionedUnderFileSystem(AlluxioURI uri, UnderFileSystemConfiguration conf) {
    super(uri, conf);
  }

  abstract UfsFileStatus fileStatus(String path) throws IOException;

  abstract void release() throws IOException;

  @Override
  public UfsFileStatus getFileStatus(String path, GetFileStatusOptions options) throws IOException {
    return fileStatus(path);
  }

  @Override
  public void close() throws IOException {
    release();
    super.close();
  }
}
