// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;

import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An index page as web servers make it for a directory.
 *
 * <p>What counts is where a link leads, not the page's layout: an entry is a link to a direct child
 * of the page's own URL. That leaves out parents, other hosts, anchors, deeper links, and the links
 * with a query that sort the page.
 *
 * @param title the page's title, empty where it has none
 * @param entries the children in the page's order, each once
 */
record IndexPage(String title, List<IndexEntry> entries) {

  /**
   * @param html the page
   * @param url where it was read from, after redirects; its path ends in a slash
   * @param parentNames texts of links that lead to the parent, in any case
   */
  static IndexPage parse(String html, URI url, Collection<String> parentNames) {
    Document page = Jsoup.parse(html, url.toString());
    Map<String, IndexEntry> entries = new LinkedHashMap<>();
    for (Element link : page.select("a[href]")) {
      if (parentNames.stream().noneMatch(link.text()::equalsIgnoreCase)) {
        entry(link, url).ifPresent(entry -> entries.putIfAbsent(entry.name(), entry));
      }
    }
    return new IndexPage(page.title(), List.copyOf(entries.values()));
  }

  private static Optional<IndexEntry> entry(Element link, URI page) {
    return childPath(link.absUrl("href"), page).map(child -> {
      boolean directory = child.endsWith("/");
      String name = directory ? child.substring(0, child.length() - 1) : child;
      return new IndexEntry(name, directory, IndexDates.find(line(link)));
    }).filter(entry -> isName(entry.name()));
  }

  /** The unescaped path of the target below the page, if it is on the page's host and below it. */
  private static Optional<String> childPath(String target, URI page) {
    try {
      URL base = page.toURL();
      // URL and not URI: it takes the unescaped blanks and brackets that careless servers write.
      @SuppressWarnings("deprecation")
      URL url = new URL(target);
      boolean sameOrigin = url.getProtocol().equals(base.getProtocol())
          && url.getHost().equalsIgnoreCase(base.getHost()) && port(url) == port(base);
      String directory = unescape(base.getPath());
      String path = unescape(url.getPath());
      return sameOrigin && url.getQuery() == null && path.startsWith(directory)
          ? Optional.of(path.substring(directory.length()))
          : Optional.empty();
    } catch (MalformedURLException | IllegalArgumentException notAPath) {
      return Optional.empty();
    }
  }

  private static int port(URL url) {
    return url.getPort() < 0 ? url.getDefaultPort() : url.getPort();
  }

  /** Percent-decoding as in a path, where a plus sign is a plus sign. */
  private static String unescape(String path) {
    return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Whether Alluxio can hold the name: it takes a backslash for a slash and resolves dots. */
  private static boolean isName(String name) {
    return !name.isEmpty() && !name.contains("/") && !name.contains("\\")
        && !name.equals(".") && !name.equals("..");
  }

  /** The text of the link's table row, or what follows the link up to the next element. */
  private static String line(Element link) {
    Element row = link.closest("tr");
    if (row != null) {
      return row.text();
    }
    Node next = link.nextSibling();
    return next instanceof TextNode text ? text.text() : "";
  }
}
