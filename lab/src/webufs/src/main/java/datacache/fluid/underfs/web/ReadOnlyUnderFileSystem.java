// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.AlluxioURI;
import alluxio.security.authorization.AclEntry;
import alluxio.underfs.ConsistentUnderFileSystem;
import alluxio.underfs.UnderFileSystemConfiguration;
import alluxio.underfs.options.CreateOptions;
import alluxio.underfs.options.DeleteOptions;
import alluxio.underfs.options.MkdirsOptions;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** An under-store that refuses everything that would change it. */
abstract class ReadOnlyUnderFileSystem extends ConsistentUnderFileSystem {
  ReadOnlyUnderFileSystem(AlluxioURI uri, UnderFileSystemConfiguration conf) {
    super(uri, conf);
  }

  @Override
  public OutputStream create(String path, CreateOptions options) throws IOException {
    throw refused("create", path);
  }

  @Override
  public boolean mkdirs(String path, MkdirsOptions options) throws IOException {
    throw refused("create the directory", path);
  }

  @Override
  public boolean deleteFile(String path) throws IOException {
    throw refused("delete", path);
  }

  @Override
  public boolean deleteDirectory(String path, DeleteOptions options) throws IOException {
    throw refused("delete the directory", path);
  }

  @Override
  public boolean renameFile(String src, String dst) throws IOException {
    throw refused("rename", src);
  }

  @Override
  public boolean renameDirectory(String src, String dst) throws IOException {
    throw refused("rename the directory", src);
  }

  @Override
  public void setAclEntries(String path, List<AclEntry> aclEntries) throws IOException {
    throw refused("set the ACL of", path);
  }

  @Override
  public void setMode(String path, short mode) throws IOException {
    throw refused("set the mode of", path);
  }

  @Override
  public void setOwner(String path, String owner, String group) throws IOException {
    throw refused("set the owner of", path);
  }

  @Override
  public boolean supportsFlush() {
    return false;
  }

  /** Nothing of unfinished writes can be there to clean up. */
  @Override
  public void cleanup() {}

  private static IOException refused(String act, String path) {
    return new IOException(String.format(
        "cannot %s %s: an http or https under-store is read-only; mount it with --readonly", act,
        path));
  }
}
