// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static datacache.fluid.underfs.web.FakeOrigin.breaking;
import static datacache.fluid.underfs.web.FakeOrigin.file;
import static datacache.fluid.underfs.web.FakeOrigin.redirect;
import static datacache.fluid.underfs.web.FakeOrigin.status;
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
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;

class OriginTest {
  private static final String TIME = "Thu, 07 Nov 2024 03:04:05 GMT";
  private static final long TIME_MS = Instant.parse("2024-11-07T03:04:05Z").toEpochMilli();
  private static final byte[] CONTENT = new byte[300_000];
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

  @Test
  void headFindsTheLengthOfAnEmptyFileOfApache() throws IOException {
    server.on("/empty", FakeOrigin.emptyOfApache(TIME));
    assertEquals(new WebResource(false, OptionalLong.of(0), OptionalLong.of(TIME_MS), ""),
        origin.head(url("/empty")));
    assertEquals(List.of("HEAD /empty", "GET /empty"), server.requests());
  }

  @Test
  void headLeavesTheLengthOfAPageMadeOnRequestOpen() throws IOException {
    server.on("/made", FakeOrigin.chunked(CONTENT));
    assertEquals(OptionalLong.empty(), origin.head(url("/made")).length());
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
        assertThrows(HttpStatusException.class, () -> origin.open(url("/secret"), 0, 10));
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
    assertEquals(5, server.requests().size());
    assertTrue(e.getMessage().contains(server.url("/f") + " failed 5 times"), e.getMessage());
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

  private URI url(String path) {
    return URI.create(server.url(path));
  }

  private static Origin origin(Duration timeout) {
    return new Origin(TestSettings.with(timeout));
  }
}
