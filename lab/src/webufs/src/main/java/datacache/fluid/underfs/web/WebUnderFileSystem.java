// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.AlluxioURI;
import alluxio.underfs.UfsDirectoryStatus;
import alluxio.underfs.UfsFileStatus;
import alluxio.underfs.UfsStatus;
import alluxio.underfs.UnderFileSystemConfiguration;
import alluxio.underfs.options.FileLocationOptions;
import alluxio.underfs.options.OpenOptions;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import javax.annotation.Nullable;

/**
 * Read-only files and directories of a web server that shows index pages.
 *
 * <p>An instance serves all mounts of one host that have the same options, as Alluxio shares it, so
 * nothing here depends on the path of a mount.
 */
final class WebUnderFileSystem extends VersionedUnderFileSystem {
  /** Alluxio's name for this kind of under-store: it mounts "web" read-only by itself. */
  private static final String TYPE = "web";
  private static final long UNKNOWN_SPACE = -1;

  private final UfsPaths paths;
  private final WebSettings settings;
  private final Origin origin;
  private final StatusFactory statuses;
  private final Children children;

  WebUnderFileSystem(AlluxioURI uri, UnderFileSystemConfiguration conf) {
    super(uri, conf);
    paths = new UfsPaths(uri);
    settings = WebSettings.from(conf);
    origin = new Origin(settings);
    statuses = new StatusFactory(settings.blockSize());
    children = new Children(this::status, statuses);
  }

  @Override
  public String getUnderFSType() {
    return TYPE;
  }

  @Override
  public UfsStatus getStatus(String path) throws IOException {
    return status(path, path);
  }

  @Override
  UfsFileStatus fileStatus(String path) throws IOException {
    if (getStatus(path) instanceof UfsFileStatus file) {
      return file;
    }
    throw new FileNotFoundException(path + ": expected a file, found a directory");
  }

  @Override
  public UfsDirectoryStatus getDirectoryStatus(String path) throws IOException {
    if (getStatus(path) instanceof UfsDirectoryStatus directory) {
      return directory;
    }
    throw new FileNotFoundException(path + ": expected a directory, found a file");
  }

  @Override
  public boolean exists(String path) throws IOException {
    try {
      origin.head(paths.file(path));
      return true;
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  @Override
  public boolean isFile(String path) throws IOException {
    try {
      return !origin.head(paths.file(path)).directory();
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  /**
   * Whether the path is a directory. Alluxio asks this once for a new mount, so this reads the index
   * too: a page that is no index fails here, and not later as an empty directory.
   */
  @Override
  public boolean isDirectory(String path) throws IOException {
    try {
      if (!origin.head(paths.file(path)).directory()) {
        return false;
      }
      origin.index(paths.directory(path));
      return true;
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  @Override
  @Nullable
  public UfsStatus[] listStatus(String path) throws IOException {
    IndexPage page;
    try {
      page = origin.index(paths.directory(path));
    } catch (FileNotFoundException notADirectory) {
      return null;
    }
    return children.statuses(path, page.entries());
  }

  @Override
  public InputStream open(String path, OpenOptions options) throws IOException {
    return new FileStream(origin, paths.file(path), options.getOffset(), settings.blockSize());
  }

  @Override
  public long getBlockSizeByte(String path) {
    return settings.blockSize();
  }

  @Override
  public long getSpace(String path, SpaceType type) {
    return UNKNOWN_SPACE;
  }

  @Override
  public List<String> getFileLocations(String path) {
    return List.of();
  }

  @Override
  public List<String> getFileLocations(String path, FileLocationOptions options) {
    return List.of();
  }

  /** Nothing to set up: each request finds its own connection. */
  @Override
  public void connectFromMaster(String hostname) {}

  /** Nothing to set up: each request finds its own connection. */
  @Override
  public void connectFromWorker(String hostname) {}

  @Override
  void release() throws IOException {
    children.close();
  }

  private UfsStatus status(String path, String name) throws IOException {
    return statuses.of(name, origin.head(paths.file(path)));
  }
}
