// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.Optional;

class IndexDatesTest {
  @ParameterizedTest
  @CsvSource({
      "'   07-Nov-2024 03:04                1234', 2024-11-07T03:04:00Z",
      "'2024-11-07 03:04  1.2K', 2024-11-07T03:04:00Z",
      "'docs/ - 2024-Nov-07 03:04', 2024-11-07T03:04:00Z",
      "'docs/ - 07 Nov 2024 03:04:05 +0000', 2024-11-07T03:04:00Z",
      "'snapshot-2023-01-01.tar 1.2K 2024-11-07 03:04', 2024-11-07T03:04:00Z"})
  void readsTheFormatsOfIndexPages(String line, Instant expected) {
    assertEquals(Optional.of(expected), IndexDates.find(line));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "1234", "99-Nov-2024 03:04", "12024-11-07 03:045", "2024-11-07"})
  void findsNoneInOtherText(String line) {
    assertEquals(Optional.empty(), IndexDates.find(line));
  }
}
