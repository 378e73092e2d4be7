// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static datacache.fluid.underfs.web.FakeOrigin.breaking;
import static datacache.fluid.underfs.web.FakeOrigin.file;
import static datacache.fluid.underfs.web.FakeOrigin.fileWithoutRanges;
import static datacache.fluid.underfs.web.FakeOrigin.redirect;
import static datacache.fluid.underfs.web.FakeOrigin.status;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Random;

class OriginTest {
  private static final String TIME = "Thu, 07 Nov 2024 03:04:05 GMT";
  private static final long TIME_MS = Instant.parse("2024-11-07T03:04:05Z").toEpochMilli();
  private static final byte[] CONTENT = randomBytes(300_000);
  private static final Duration SHORT = Duration.ofMillis(300);

  private FakeOrigin server;
  private Origin origin;

  @BeforeEach
  void start() throws IOException {
    server = new FakeOrigin();
    origin = origin(Duration.ofSeconds(20));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void headTellsLengthTimeAndVersion() throws IOException {
    server.on("/f", file(CONTENT, TIME, "v1"));
    assertEquals(
        new WebResource(false, OptionalLong.of(300_000), OptionalLong.of(TIME_MS), "\"v1\""),
        origin.head(url("/f")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"yesterday", "2024-11-07T03:04:05Z"})
  void headLeavesAnUnreadableTimeOpen(String time) throws IOException {
    server.on("/f", file(CONTENT, time, ""));
    assertEquals(OptionalLong.empty(), origin.head(url("/f")).modifiedMs());
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void headFollowsARedirectToADirectory(int code) throws IOException {
    server.index("/d/", "x");
    server.on("/d", redirect(code, "/d/"));
    assertTrue(origin.head(url("/d")).directory());
  }

  @Test
  void headFollowsARedirectToAFile() throws IOException {
    server.on("/old", redirect(302, server.url("/new")));
    server.on("/new", file(CONTENT, TIME, ""));
    assertFalse(origin.head(url("/old")).directory());
    assertEquals(OptionalLong.of(300_000), origin.head(url("/old")).length());
  }

  /** As a TLS proxy makes it: a redirect that the JDK's client does not follow by itself. */
  @Test
  void headAddsTheSlashWhenTheRedirectLeadsAwayFromTheScheme() throws IOException {
    server.index("/d/", "x");
    server.on("/d", redirect(301, "ftp://127.0.0.1/d/"));
    assertTrue(origin.head(url("/d")).directory());
  }

  @Test
  void anEndlessRedirectEndsWithItsStatus() {
    server.on("/loop", redirect(302, "/loop"));
    HttpStatusException e =
        assertThrows(HttpStatusException.class, () -> origin.head(url("/loop")));
    assertEquals(302, e.status());
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 410})
  void whatIsGoneIsAFileNotFound(int code) {
    server.on("/gone", status(code));
    FileNotFoundException e =
        assertThrows(FileNotFoundException.class, () -> origin.head(url("/gone")));
    assertEquals("HEAD " + server.url("/gone") + ": the server answered " + code, e.getMessage());
    assertEquals(1, server.requests().size());
  }

  @Test
  void anErrorNamesUrlAndStatusAndIsNotRetried() {
    server.on("/secret", status(403));
    HttpStatusException e =
        assertThrows(HttpStatusException.class, () -> origin.open(url("/secret"), 0));
    assertTrue(e.getMessage().contains("GET " + server.url("/secret")), e.getMessage());
    assertTrue(e.getMessage().contains("answered 403"), e.getMessage());
    assertEquals(1, server.requests().size());
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void aTransientErrorIsRetried(int code) throws IOException {
    server.onInTurn("/f", status(code), status(code), file(CONTENT, TIME, ""));
    assertEquals(OptionalLong.of(300_000), origin.head(url("/f")).length());
    assertEquals(3, server.requests().size());
  }

  @Test
  void retriesAreBounded() {
    server.on("/f", status(503));
    IOException e = assertThrows(IOException.class, () -> origin.head(url("/f")));
    assertEquals(4, server.requests().size());
    assertTrue(e.getMessage().contains(server.url("/f") + " failed 4 times"), e.getMessage());
    assertTrue(e.getMessage().contains("answered 503"), e.getMessage());
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    URI nobody = URI.create("http://127.0.0.1:" + free + "/f");
    IOException e = assertThrows(IOException.class, () -> origin.head(nobody));
    assertTrue(e.getMessage().contains(nobody.toString()), e.getMessage());
  }

  @Test
  void aServerThatDoesNotAnswerTimesOut() {
    server.on("/deaf", server.deaf());
    IOException e =
        assertThrows(IOException.class, () -> origin(SHORT).head(url("/deaf")));
    assertTrue(e.getMessage().contains("timed out"), e.getMessage());
  }

  @Test
  void anIndexIsReadFromWhereItRedirects() throws IOException {
    server.index("/d/2/", "/d/2/x", "/d/y");
    server.on("/d/latest/", redirect(302, "/d/2/"));
    IndexPage page = origin.index(url("/d/latest/"));
    assertEquals(List.of("x"), page.entries().stream().map(IndexEntry::name).toList());
  }

  @Test
  void anIndexThatBreaksOffIsReadAgain() throws IOException {
    byte[] html = "<title>Index of /</title><a href=x>x</a>".getBytes();
    server.onInTurn("/d/", breaking(html, "", 10), file(html, "", ""));
    assertEquals(1, origin.index(url("/d/")).entries().size());
  }

  @Test
  void aPageThatIsNoIndexIsRefusedWithItsTitle() {
    server.page("/d/", "<title>Welcome</title><a href=\"x\">x</a>");
    IOException e = assertThrows(IOException.class, () -> origin.index(url("/d/")));
    assertTrue(e.getMessage().contains(server.url("/d/")), e.getMessage());
    assertTrue(e.getMessage().contains("found the title \"Welcome\""), e.getMessage());
    assertTrue(e.getMessage().contains("alluxio.underfs.web.titles"), e.getMessage());
    assertEquals(1, server.requests().size());
  }

  @Test
  void anIndexThatLeadsToAFileIsNone() {
    server.on("/f/", redirect(301, "/f"));
    server.on("/f", file(CONTENT, TIME, ""));
    assertThrows(FileNotFoundException.class, () -> origin.index(url("/f/")));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 299_999})
  void opensAtAnOffset(int offset) throws IOException {
    server.on("/f", file(CONTENT, TIME, "v1"));
    assertArrayEquals(tail(offset), read(origin, offset));
    String range = offset == 0 ? "" : " bytes=" + offset + "-";
    assertEquals(List.of("GET /f" + range), server.requests());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 299_999})
  void opensAtAnOffsetWithoutRanges(int offset) throws IOException {
    server.on("/f", fileWithoutRanges(CONTENT, TIME));
    assertArrayEquals(tail(offset), read(origin, offset));
  }

  @Test
  void refusesAnotherRangeThanAskedFor() {
    server.on("/f", exchange -> {
      exchange.getResponseHeaders().set("Content-Range", "bytes 0-9/100");
      exchange.sendResponseHeaders(206, 10);
      exchange.getResponseBody().write(CONTENT, 0, 10);
    });
    IOException e = assertThrows(IOException.class, () -> origin.open(url("/f"), 50));
    assertTrue(e.getMessage().contains("asked for bytes from 50 on"), e.getMessage());
    assertTrue(e.getMessage().contains("bytes 0-9/100"), e.getMessage());
  }

  @Test
  void aReadGoesOnWhereTheConnectionBroke() throws IOException {
    server.onInTurn("/f", breaking(CONTENT, "v1", 100_000), breaking(CONTENT, "v1", 50_000),
        file(CONTENT, "", "v1"));
    assertArrayEquals(tail(7), read(origin, 7));
    assertEquals(List.of("GET /f bytes=7-", "GET /f bytes=100007-", "GET /f bytes=150007-"),
        server.requests());
  }

  @Test
  void aReadGoesOnWhenTheServerFallsSilent() throws IOException {
    server.onInTurn("/f", server.silent(CONTENT, "v1", 100_000), file(CONTENT, "", "v1"));
    assertArrayEquals(CONTENT, read(origin(SHORT), 0));
  }

  @Test
  void aServerThatStaysSilentTimesOut() {
    server.on("/f", server.silent(CONTENT, "v1", 0));
    IOException e = assertThrows(IOException.class, () -> read(origin(SHORT), 0));
    assertTrue(e.getMessage().contains(server.url("/f") + ": no data within 300 ms"),
        e.getMessage());
    assertEquals(4, server.requests().size());
  }

  @Test
  void aReadNeverMixesTwoVersions() {
    server.onInTurn("/f", breaking(CONTENT, "v1", 100_000), file(CONTENT, "", "v2"));
    IOException e = assertThrows(IOException.class, () -> read(origin, 0));
    assertTrue(e.getMessage().contains("changed while it was read"), e.getMessage());
  }

  private byte[] read(Origin from, long offset) throws IOException {
    try (InputStream stream = new ResumingStream(from, url("/f"), offset)) {
      return stream.readAllBytes();
    }
  }

  private URI url(String path) {
    return URI.create(server.url(path));
  }

  private static Origin origin(Duration timeout) {
    return new Origin(new WebSettings(timeout,
        DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss zzz", Locale.ENGLISH),
        List.of("Parent Directory", "..", "../"), List.of("Index of"), 1 << 20));
  }

  private static byte[] tail(int from) {
    return Arrays.copyOfRange(CONTENT, from, CONTENT.length);
  }

  private static byte[] randomBytes(int count) {
    byte[] bytes = new byte[count];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
