// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.AlluxioURI;

import com.google.common.escape.Escaper;
import com.google.common.net.UrlEscapers;

import java.net.URI;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Turns Alluxio's paths into URLs.
 *
 * <p>Alluxio's paths are not escaped (see {@link AlluxioURI}): {@code http://host/a b/100%?} names
 * the object {@code /a%20b/100%25%3F}. A mount point is therefore written unescaped as well.
 */
final class UfsPaths {
  private static final Escaper SEGMENT = UrlEscapers.urlPathSegmentEscaper();

  private final String origin;

  /**
   * @param mount any path of the origin; only its scheme, host and port count, because Alluxio
   *     shares one under-store between all mounts of a host
   */
  UfsPaths(AlluxioURI mount) {
    this.origin = mount.getScheme() + "://" + mount.getAuthority();
  }

  /**
   * @param path a full path, or one without scheme and host (Alluxio probes a new mount with that)
   * @return the URL without a slash at its end, except for the origin's root
   */
  URI file(String path) {
    String absolute = withoutOrigin(path).replaceAll("/+$", "");
    String escaped =
        Arrays.stream(absolute.split("/", -1)).map(SEGMENT::escape).collect(Collectors.joining("/"));
    return URI.create(origin + (escaped.isEmpty() ? "/" : escaped));
  }

  /**
   * @param path as in {@link #file}
   * @return the URL with the slash at its end that makes it a directory's
   */
  URI directory(String path) {
    return asDirectory(file(path));
  }

  /** The same URL as a directory's: with a slash at the end of its path. */
  static URI asDirectory(URI url) {
    return isDirectory(url) ? url : URI.create(url + "/");
  }

  /** Whether a URL is a directory's: its path ends in a slash. */
  static boolean isDirectory(URI url) {
    return url.getRawPath().endsWith("/");
  }

  private static String withoutOrigin(String path) {
    int authority = path.indexOf("://");
    if (authority < 0) {
      return path.startsWith("/") ? path : "/" + path;
    }
    int slash = path.indexOf('/', authority + 3);
    return slash < 0 ? "" : path.substring(slash);
  }
}
