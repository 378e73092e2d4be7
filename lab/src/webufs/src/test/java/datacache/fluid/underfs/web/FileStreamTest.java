// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static datacache.fluid.underfs.web.FakeOrigin.breaking;
import static datacache.fluid.underfs.web.FakeOrigin.file;
import static datacache.fluid.underfs.web.FakeOrigin.fileWithoutRanges;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

class FileStreamTest {
  private static final int LENGTH = 300_000;
  private static final long BLOCK = 128_000;
  private static final byte[] CONTENT = randomBytes();
  private static final Duration PATIENT = Duration.ofSeconds(20);
  private static final Duration HASTY = Duration.ofMillis(300);

  private FakeOrigin server;

  @BeforeEach
  void start() throws IOException {
    server = new FakeOrigin();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 127_999, 128_000, 299_999, 300_000, 300_001})
  void readsFromAnOffsetToTheEnd(int offset) throws IOException {
    server.on("/f", file(CONTENT, "", "v1"));
    assertArrayEquals(tail(offset), read(offset, PATIENT));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 128_000, 299_999, 300_000})
  void readsFromAnOffsetWithoutRanges(int offset) throws IOException {
    server.on("/f", fileWithoutRanges(CONTENT, ""));
    assertArrayEquals(tail(offset), read(offset, PATIENT));
    assertEquals(1, server.requests().size());
  }

  @Test
  void readsAPageMadeOnRequest() throws IOException {
    server.on("/f", FakeOrigin.chunked(CONTENT));
    assertArrayEquals(tail(7), read(7, PATIENT));
  }

  @Test
  void readsAnEmptyFile() throws IOException {
    server.on("/f", file(new byte[0], "", "v1"));
    assertEquals(0, read(0, PATIENT).length);
  }

  @Test
  void asksForNoMoreThanABlockAtATime() throws IOException {
    server.on("/f", file(CONTENT, "", "v1"));
    read(100_000, PATIENT);
    assertEquals(List.of("GET /f bytes=100000-127999", "GET /f bytes=128000-255999",
        "GET /f bytes=256000-383999"), server.requests());
  }

  @Test
  void readsSingleBytes() throws IOException {
    server.on("/f", file(new byte[] {-1, 0, 1}, "", "v1"));
    try (InputStream stream = stream(0, PATIENT)) {
      assertEquals(List.of(255, 0, 1, -1),
          List.of(stream.read(), stream.read(), stream.read(), stream.read()));
    }
  }

  @Test
  void refusesAnotherRangeThanAskedFor() {
    server.on("/f", exchange -> {
      exchange.getResponseHeaders().set("Content-Range", "bytes 0-9/100");
      exchange.sendResponseHeaders(206, 10);
      exchange.getResponseBody().write(CONTENT, 0, 10);
    });
    IOException e = assertThrows(IOException.class, () -> read(50, PATIENT));
    assertTrue(e.getMessage().contains("asked for bytes from 50 on"), e.getMessage());
    assertTrue(e.getMessage().contains("bytes 0-9/100"), e.getMessage());
  }

  @Test
  void goesOnWhereTheConnectionBroke() throws IOException {
    server.onInTurn("/f", breaking(CONTENT, "v1", 100_000), breaking(CONTENT, "v1", 20_000),
        file(CONTENT, "", "v1"));
    assertArrayEquals(tail(7), read(7, PATIENT));
    assertEquals(List.of("GET /f bytes=7-127999", "GET /f bytes=100007-127999",
        "GET /f bytes=120007-127999"), server.requests().subList(0, 3));
  }

  @Test
  void goesOnWhenTheServerFallsSilent() throws IOException {
    server.onInTurn("/f", server.silent(CONTENT, "v1", 100_000), file(CONTENT, "", "v1"));
    assertArrayEquals(CONTENT, read(0, HASTY));
  }

  @Test
  void givesUpOnAServerThatStaysSilent() {
    server.on("/f", server.silent(CONTENT, "v1", 0));
    IOException e = assertThrows(IOException.class, () -> read(0, HASTY));
    assertTrue(e.getMessage().contains(server.url("/f") + ": no data within 300 ms"),
        e.getMessage());
    assertEquals(4, server.requests().size());
  }

  @Test
  void neverMixesTwoVersions() {
    server.onInTurn("/f", breaking(CONTENT, "v1", 100_000), file(CONTENT, "", "v2"));
    IOException e = assertThrows(IOException.class, () -> read(0, PATIENT));
    assertTrue(e.getMessage().contains("changed while it was read"), e.getMessage());
    assertEquals(2, server.requests().size());
  }

  @Test
  void noticesThatTheFileGotShorter() {
    server.onInTurn("/f", file(CONTENT, "", "v1"), file(new byte[10], "", "v1"));
    IOException e = assertThrows(IOException.class, () -> read(0, PATIENT));
    assertTrue(e.getMessage().contains("changed while it was read"), e.getMessage());
  }

  @Test
  void aClosedStreamReadsNoMore() throws IOException {
    server.on("/f", file(CONTENT, "", "v1"));
    InputStream stream = stream(0, PATIENT);
    stream.close();
    assertThrows(IOException.class, stream::read);
  }

  private byte[] read(long offset, Duration timeout) throws IOException {
    try (InputStream stream = stream(offset, timeout)) {
      return stream.readAllBytes();
    }
  }

  private InputStream stream(long offset, Duration timeout) throws IOException {
    Origin origin = new Origin(TestSettings.with(timeout));
    return new FileStream(origin, URI.create(server.url("/f")), offset, BLOCK);
  }

  private static byte[] tail(int from) {
    return Arrays.copyOfRange(CONTENT, Math.min(from, LENGTH), LENGTH);
  }

  private static byte[] randomBytes() {
    byte[] bytes = new byte[LENGTH];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
