// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the modification date in a line of an index page. */
final class IndexDates {
  private record Format(Pattern shape, DateTimeFormatter formatter) {
    Format(String shape, String pattern) {
      this(Pattern.compile("(?<!\\d)" + shape + "(?!\\d)"),
          DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
    }

    Optional<Instant> find(String line) {
      Matcher matcher = shape.matcher(line);
      if (!matcher.find()) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            LocalDateTime.parse(matcher.group(), formatter).toInstant(ZoneOffset.UTC));
      } catch (DateTimeException notADate) {
        return Optional.empty();
      }
    }
  }

  private static final List<Format> FORMATS = List.of(
      new Format("\\d{2}-[A-Z][a-z]{2}-\\d{4} \\d{2}:\\d{2}", "dd-MMM-yyyy HH:mm"), // nginx
      new Format("\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}", "yyyy-MM-dd HH:mm"), // Apache
      new Format("\\d{4}-[A-Z][a-z]{2}-\\d{2} \\d{2}:\\d{2}", "yyyy-MMM-dd HH:mm"), // fancyindex
      new Format("\\d{2} [A-Z][a-z]{2} \\d{4} \\d{2}:\\d{2}", "dd MMM yyyy HH:mm")); // mirror themes

  private IndexDates() {}

  /** The first date in the line, as UTC: no index page tells its zone. */
  static Optional<Instant> find(String line) {
    return FORMATS.stream().flatMap(format -> format.find(line).stream()).findFirst();
  }
}
