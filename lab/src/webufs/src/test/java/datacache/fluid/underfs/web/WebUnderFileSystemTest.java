// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import static datacache.fluid.underfs.web.FakeOrigin.file;
import static datacache.fluid.underfs.web.FakeOrigin.status;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import alluxio.conf.Configuration;
import alluxio.underfs.Fingerprint;
import alluxio.underfs.UfsFileStatus;
import alluxio.underfs.UfsStatus;
import alluxio.underfs.UnderFileSystem;
import alluxio.underfs.UnderFileSystemConfiguration;
import alluxio.underfs.options.CreateOptions;
import alluxio.underfs.options.DeleteOptions;
import alluxio.underfs.options.ListOptions;
import alluxio.underfs.options.MkdirsOptions;
import alluxio.underfs.options.OpenOptions;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The under-store as Alluxio makes and calls it. */
class WebUnderFileSystemTest {
  private static final String TIME = "Thu, 07 Nov 2024 03:04:05 GMT";
  private static final long TIME_MS = Instant.parse("2024-11-07T03:04:05Z").toEpochMilli();
  private static final long MINUTE_MS = Instant.parse("2024-11-07T03:04:00Z").toEpochMilli();
  private static final byte[] NOTES = "notes of the release".getBytes(StandardCharsets.UTF_8);

  private FakeOrigin server;
  private UnderFileSystem ufs;

  @BeforeEach
  void start() throws IOException {
    server = new FakeOrigin();
    server.index("/stable/", "../", "?C=M;O=A", "notes.txt", "a%20b%2525.txt", "docs/");
    server.on("/stable/notes.txt", file(NOTES, TIME, "v1"));
    server.on("/stable/a%20b%2525.txt", file(NOTES, TIME, "v1"));
    server.index("/stable/docs/", "/stable/", "guide.html");
    server.on("/stable/docs/guide.html", file(new byte[0], TIME, ""));
    ufs = mount("/stable", Map.of());
  }

  @AfterEach
  void stop() throws IOException {
    ufs.close();
    server.close();
  }

  @Test
  void listsFilesAndDirectories() throws IOException {
    Map<String, UfsStatus> children = list("/stable");
    assertEquals(List.of("a b%25.txt", "docs", "notes.txt"), List.copyOf(children.keySet()));
    assertTrue(children.get("docs").isDirectory());
    assertEquals(MINUTE_MS, children.get("docs").getLastModifiedTime());
    assertEquals(0555, children.get("docs").getMode());
    UfsFileStatus notes = (UfsFileStatus) children.get("notes.txt");
    assertEquals(NOTES.length, notes.getContentLength());
    assertEquals(TIME_MS, notes.getLastModifiedTime());
    assertEquals(0444, notes.getMode());
    assertEquals(64 << 20, notes.getBlockSize());
  }

  @Test
  void aListedNameLeadsBackToItsFile() throws IOException {
    String path = server.url("/stable/a b%25.txt");
    assertTrue(ufs.isFile(path));
    assertArrayEquals(NOTES, read(path, OpenOptions.defaults()));
  }

  @Test
  void listsRecursively() throws IOException {
    UfsStatus[] all =
        ufs.listStatus(server.url("/stable"), ListOptions.defaults().setRecursive(true));
    assertEquals(List.of("a b%25.txt", "docs", "docs/guide.html", "notes.txt"),
        Arrays.stream(all).map(UfsStatus::getName).sorted().toList());
  }

  @Test
  void aFileOrNothingHasNoListing() throws IOException {
    assertNull(ufs.listStatus(server.url("/stable/notes.txt")));
    assertNull(ufs.listStatus(server.url("/absent")));
  }

  /** A link without a slash can be a symbolic link to a directory. */
  @Test
  void aLinkThatRedirectsToADirectoryIsOne() throws IOException {
    server.index("/mixed/", "current");
    server.index("/mixed/current/", "x");
    assertTrue(list("/mixed").get("current").isDirectory());
  }

  /** Alluxio forgets what a listing lacks, so a doubtful listing fails as a whole. */
  @Test
  void aListingFailsWhenOneFileFails() {
    server.on("/stable/notes.txt", status(503));
    IOException e =
        assertThrows(IOException.class, () -> ufs.listStatus(server.url("/stable")));
    assertTrue(e.getMessage().contains("/stable/notes.txt failed 5 times"), e.getMessage());
  }

  @TestFactory
  Stream<DynamicTest> leavesOutWhatTheServerListsButDoesNotServe() {
    return Stream.of(403, 404, 410).map(code -> DynamicTest.dynamicTest("status " + code, () -> {
      server.on("/stable/notes.txt", status(code));
      assertEquals(List.of("a b%25.txt", "docs"), List.copyOf(list("/stable").keySet()));
    }));
  }

  @Test
  void leavesOutAFileWithoutLength() throws IOException {
    server.on("/stable/notes.txt", FakeOrigin.chunked(NOTES));
    assertFalse(list("/stable").containsKey("notes.txt"));
    IOException e =
        assertThrows(IOException.class, () -> ufs.getStatus(server.url("/stable/notes.txt")));
    assertTrue(e.getMessage().contains("expected a Content-Length"), e.getMessage());
  }

  /** Metadata sync drops a cached file whose fingerprint in the listing differs from its own. */
  @Test
  void theListingAndTheFileHaveOneFingerprint() throws IOException {
    for (Map.Entry<String, UfsStatus> child : list("/stable").entrySet()) {
      String path = server.url("/stable/" + child.getKey());
      assertEquals(Fingerprint.create("web", child.getValue()).serialize(),
          ufs.getFingerprint(path));
      assertTrue(ufs.getParsedFingerprint(path).isValid());
    }
  }

  @TestFactory
  Stream<DynamicTest> theFingerprintFollowsTheContent() {
    return Stream.of(
        file("longer notes of the release".getBytes(StandardCharsets.UTF_8), TIME, "v1"),
        file(NOTES, "Thu, 07 Nov 2024 03:04:06 GMT", "v1"))
        .map(changed -> DynamicTest.dynamicTest("length or time", () -> {
          server.on("/stable/notes.txt", file(NOTES, TIME, "v1"));
          Fingerprint before = ufs.getParsedFingerprint(server.url("/stable/notes.txt"));
          server.on("/stable/notes.txt", changed);
          assertFalse(
              before.matchContent(ufs.getParsedFingerprint(server.url("/stable/notes.txt"))));
        }));
  }

  @Test
  void withoutATimeTheFingerprintFollowsTheVersion() {
    server.on("/stable/notes.txt", file(NOTES, "", "v1"));
    String before = ufs.getFingerprint(server.url("/stable/notes.txt"));
    server.on("/stable/notes.txt", file(NOTES, "", "v2"));
    assertNotEquals(before, ufs.getFingerprint(server.url("/stable/notes.txt")));
  }

  @Test
  void whatIsAbsentHasNoFingerprint() {
    assertFalse(ufs.getParsedFingerprint(server.url("/absent")).isValid());
  }

  @Test
  void tellsFilesDirectoriesAndNothingApart() throws IOException {
    String notes = server.url("/stable/notes.txt");
    String docs = server.url("/stable/docs");
    String absent = server.url("/stable/absent");
    assertEquals(List.of(true, true, false), List.of(ufs.exists(notes), ufs.isFile(notes),
        ufs.isDirectory(notes)));
    assertEquals(List.of(true, false, true), List.of(ufs.exists(docs), ufs.isFile(docs),
        ufs.isDirectory(docs)));
    assertEquals(List.of(false, false, false), List.of(ufs.exists(absent), ufs.isFile(absent),
        ufs.isDirectory(absent)));
    assertTrue(ufs.getStatus(notes).isFile());
    assertTrue(ufs.getStatus(docs).isDirectory());
    assertThrows(FileNotFoundException.class, () -> ufs.getStatus(absent));
    assertThrows(FileNotFoundException.class, () -> ufs.getFileStatus(docs));
    assertThrows(FileNotFoundException.class, () -> ufs.getDirectoryStatus(notes));
    assertEquals(NOTES.length, ufs.getExistingFileStatus(notes).getContentLength());
    assertTrue(ufs.getExistingDirectoryStatus(docs).isDirectory());
  }

  /** Alluxio's UFS manager probes a new under-store with the mount's path alone. */
  @Test
  void takesAPathWithoutHost() throws IOException {
    assertTrue(ufs.exists("/stable/notes.txt"));
    assertFalse(ufs.exists("/absent"));
  }

  /** Alluxio shares one instance between the mounts of a host. */
  @Test
  void servesOtherTreesOfTheHost() throws IOException {
    server.index("/other/", "x");
    server.on("/other/x", file(NOTES, TIME, ""));
    assertTrue(list("/other").containsKey("x"));
  }

  @Test
  void aMountOfAPageThatIsNoIndexFailsWithItsTitle() {
    server.page("/site/", "<title>Welcome</title>");
    server.on("/site", FakeOrigin.redirect(301, "/site/"));
    IOException e =
        assertThrows(IOException.class, () -> ufs.isDirectory(server.url("/site")));
    assertTrue(e.getMessage().contains("Welcome"), e.getMessage());
  }

  @Test
  void takesItsSettingsFromTheMount() throws IOException {
    server.page("/site/", "<title>Downloads</title><a href=\"x\">x</a><a href=\"up\">Up</a>");
    server.on("/site", FakeOrigin.redirect(301, "/site/"));
    server.on("/site/x", file(NOTES, "2024-11-07 03:04:05 GMT", ""));
    try (UnderFileSystem custom = mount("/site", Map.of(
        "alluxio.underfs.web.titles", "Files,Downloads",
        "alluxio.underfs.web.parent.names", "Up",
        "alluxio.underfs.web.header.last.modified", "yyyy-MM-dd HH:mm:ss zzz"))) {
      assertTrue(custom.isDirectory(server.url("/site")));
      UfsStatus[] children = custom.listStatus(server.url("/site"));
      assertEquals(List.of("x"), Arrays.stream(children).map(UfsStatus::getName).toList());
      assertEquals(TIME_MS, children[0].getLastModifiedTime());
    }
  }

  @Test
  void theTimeoutIsTheMounts() throws IOException {
    server.on("/deaf", server.deaf());
    try (UnderFileSystem hasty =
             mount("/", Map.of("alluxio.underfs.web.connnection.timeout", "200ms"))) {
      IOException e =
          assertThrows(IOException.class, () -> hasty.exists(server.url("/deaf")));
      assertTrue(e.getMessage().contains("timed out"), e.getMessage());
    }
  }

  @Test
  void opensAtAnOffset() throws IOException {
    String path = server.url("/stable/notes.txt");
    assertArrayEquals("release".getBytes(StandardCharsets.UTF_8),
        read(path, OpenOptions.defaults().setOffset(13)));
    try (InputStream stream = ufs.openExistingFile(path)) {
      assertArrayEquals(NOTES, stream.readAllBytes());
    }
  }

  @Test
  void openingNothingFails() {
    assertThrows(FileNotFoundException.class,
        () -> read(server.url("/absent"), OpenOptions.defaults()));
  }

  @TestFactory
  Stream<DynamicTest> refusesToWrite() {
    String path = server.url("/stable/new");
    Map<String, Executable> writes = Map.of(
        "create", () -> ufs.create(path, CreateOptions.defaults(Configuration.global())),
        "mkdirs", () -> ufs.mkdirs(path, MkdirsOptions.defaults(Configuration.global())),
        "deleteFile", () -> ufs.deleteFile(path),
        "deleteDirectory", () -> ufs.deleteDirectory(path, DeleteOptions.defaults()),
        "renameFile", () -> ufs.renameFile(path, path + "er"),
        "renameDirectory", () -> ufs.renameDirectory(path, path + "er"),
        "setMode", () -> ufs.setMode(path, (short) 0644),
        "setOwner", () -> ufs.setOwner(path, "me", "us"),
        "setAclEntries", () -> ufs.setAclEntries(path, List.of()));
    return writes.entrySet().stream().map(write -> DynamicTest.dynamicTest(write.getKey(), () -> {
      IOException e = assertThrows(IOException.class, write.getValue());
      assertTrue(e.getMessage().contains(path), e.getMessage());
      assertTrue(e.getMessage().contains("read-only"), e.getMessage());
      assertEquals(List.of(), server.requests());
    }));
  }

  @Test
  void answersWhatAMountAsksBesides() throws IOException {
    ufs.connectFromMaster("master");
    ufs.connectFromWorker("worker");
    ufs.cleanup();
    assertEquals(-1, ufs.getSpace(server.url("/stable"), UnderFileSystem.SpaceType.SPACE_TOTAL));
    assertEquals(List.of(), ufs.getFileLocations(server.url("/stable/notes.txt")));
    assertFalse(ufs.isObjectStorage());
    assertFalse(ufs.isSeekable());
    assertFalse(ufs.supportsFlush());
  }

  private UnderFileSystem mount(String path, Map<String, Object> options) {
    UnderFileSystemConfiguration conf =
        UnderFileSystemConfiguration.defaults(Configuration.global())
            .createMountSpecificConf(options);
    return UnderFileSystem.Factory.create(server.url(path), conf);
  }

  private Map<String, UfsStatus> list(String path) throws IOException {
    Map<String, UfsStatus> children = new TreeMap<>();
    for (UfsStatus child : ufs.listStatus(server.url(path))) {
      children.put(child.getName(), child);
    }
    return children;
  }

  private byte[] read(String path, OpenOptions options) throws IOException {
    try (InputStream stream = ufs.open(path, options)) {
      return stream.readAllBytes();
    }
  }
}
