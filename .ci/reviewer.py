"""Judges candidates of a run's folder in QGIS as a reviewer would, with a real window, keys and mouse, and reads the
verdicts back.

usage: reviewer.py FOLDER [PICTURE.png]
"""
import datetime, os, pwd, shutil, signal, sqlite3, subprocess, sys, tempfile, time

from osgeo import ogr

JUDGED, LIMIT = 30, 180  # candidates; seconds that only end a hang
KEYS = {"1": "confirmed", "2": "refuted", "3": "field_check"}
WIDTH, HEIGHT, LOOKED = 1600, 1000, 900  # of the screen, in pixels; below LOOKED a cursor may blink
ogr.UseExceptions()


class Desk:
    """A screen with a window manager and QGIS on it, all of it in a folder of its own."""

    def __init__(self):
        self.home, self.running, self.strokes = tempfile.mkdtemp(), [], 0

    def open(self, folder):
        """Opens a copy of a run's folder, beside a copy of what it was made of."""
        inputs, name = os.path.split(folder)
        self.folder = os.path.join(shutil.copytree(inputs, os.path.join(self.home, "inputs")), name)
        self.env = {**os.environ, "HOME": self.home, "XDG_RUNTIME_DIR": self.home, "LANG": "C.UTF-8", "QT_QPA_PLATFORM": "xcb"}
        os.chmod(self.home, 0o700)
        said, screen = os.pipe()
        # With -noreset it does not begin anew when its last client leaves, which throws out one that is just coming.
        self.start(["Xvfb", "-displayfd", str(screen), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-noreset"],
                   pass_fds=[screen])
        os.close(screen)
        number = os.read(said, 16).decode().strip()  # Xvfb writes it when it is ready, and closes without it when it fails
        if not number:
            raise SystemExit("Xvfb does not start")
        self.env["DISPLAY"] = ":" + number
        self.start(["openbox"])
        self.wait("a window manager", lambda: "window id" in self.ask("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"))
        self.start(["qgis", "--nologo", "--noversioncheck", "--lang", "zh-Hans", "--profiles-path", self.home,
                                os.path.join(self.folder, "review.qgz")])
        self.window = self.wait("the window of QGIS", lambda: self.ask("xdotool", "search", "--onlyvisible", "--name", "^绿盾候选图斑.*QGIS$")).split()[0]
        self.ask("xdotool", "windowactivate", "--sync", self.window)
        self.ask("xdotool", "windowmove", self.window, "0", "0", "windowsize", self.window, str(WIDTH), str(HEIGHT - 25))
        self.still("QGIS has opened the project")

    def start(self, command, **how):
        log = open(os.path.join(self.home, command[0] + ".log"), "w")
        process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log, start_new_session=True, **how)
        self.running.append(process)
        return process

    def ask(self, *command):
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=LIMIT).stdout

    def wait(self, what, met):
        """Waits until met returns something, and returns it."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if any(p.poll() is not None for p in self.running):
                raise SystemExit(f"waiting for {what}: a program has ended")
            if result := met():
                return result
            time.sleep(0.05)
        raise SystemExit(f"waited {LIMIT} s for {what}")

    def picture(self, path="rgb:-"):
        """The screen, as three bytes for each pixel."""
        return subprocess.run(["import", "-window", "root", "-crop", f"{WIDTH}x{LOOKED}+0+0", "-depth", "8", path], env=self.env, capture_output=True, timeout=LIMIT, check=True).stdout

    def still(self, what, unlike=None):
        """Waits until the window does not change any more, and differs from unlike; returns its picture."""
        seen = []

        def met():
            seen.append(self.picture())
            return len(seen) > 3 and len(set(seen[-4:])) == 1 and seen[-1] != unlike and seen[-1]
        return self.wait(what, met)

    def key(self, name):
        self.strokes += 1
        self.ask("xdotool", "key", name)

    def find(self, what):
        """Chooses what the search field of QGIS finds first."""
        before = self.still("a quiet window")
        self.ask("xdotool", "key", "ctrl+k")
        before = self.still("the search field", before)
        self.ask("xdotool", "key", "ctrl+a")
        self.ask("xdotool", "type", "--delay", "30", what)
        before = self.still("what the search finds", before)
        self.ask("xdotool", "key", "Return")
        return self.still("what was chosen", before)

    def tell(self):
        """Says what the programs said, and keeps what the screen shows."""
        for process in self.running:
            with open(os.path.join(self.home, process.args[0] + ".log")) as log:
                print(f"{process.args[0]}, ended with {process.poll()}:", log.read()[-2000:])
        if "DISPLAY" in self.env:
            self.picture("out/reviewer-fault.png")

    def close(self):
        for process in reversed(self.running):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


def candidates(path):
    """The candidates in the order of the table: (fid, cand_id, verdict, reviewer, rev_date)."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=LIMIT)
    first = "prio DESC, " if any(row[1] == "prio" for row in db.execute("PRAGMA table_info(candidates)")) else ""
    rows = db.execute(f"SELECT fid, cand_id, verdict, reviewer, rev_date FROM candidates ORDER BY {first}severity DESC, area_ha DESC, fid").fetchall()
    db.close()
    return rows


def wide(path):
    """The id of a candidate with much of itself, and no other, around the middle of its box: easy to hit."""
    file = ogr.Open(path)
    layer = file.GetLayer("candidates")

    def room(feature):
        west, east, south, north = feature.geometry().GetEnvelope()
        middle = ogr.CreateGeometryFromWkt(f"POINT({(west + east) / 2} {(south + north) / 2})")
        if not feature.geometry().Contains(middle):
            return 0
        return feature.geometry().Boundary().Distance(middle) / max(east - west, north - south)
    return max(((room(f), f["cand_id"]) for f in layer))[1]


def middle(picture):
    """The part of a picture that only the map can be in."""
    return picture[3 * WIDTH * 300:3 * WIDTH * 800]


def verdict_of(path, fid):
    return next(row[2] for row in candidates(path) if row[0] == fid)


def review(desk, picture):
    """Returns what was judged, by fid, and the strokes and seconds that the first JUDGED took."""
    path = os.path.join(desk.folder, "review.gpkg")
    # The reviewer chooses the first action of the layer, and clicks a candidate with it.
    start = wide(path)
    desk.find("f " + start)
    desk.find(". 1-9")
    shown = desk.still("a quiet window")
    desk.ask("xdotool", "key", "ctrl+Tab")  # panels away: the map is as wide as the window
    shown = desk.still("a wide map", shown)
    desk.ask("xdotool", "mousemove", str(WIDTH // 2), str(HEIGHT // 2 + 50), "click", "1")
    shown = desk.still("the toolbar of the review", shown)
    # What comes is what follows in the table, and after its end what comes first.
    order = [row[0] for row in candidates(path)]
    clicked = next(i for i, row in enumerate(candidates(path)) if row[1] == start)
    order = order[clicked + 1:] + order[:clicked + 1]
    judged, started = {}, time.monotonic()
    for i, fid in enumerate(order[:JUDGED]):
        strokes = desk.strokes
        desk.key("7")
        before = desk.still("the epoch before", shown)
        desk.key("8")
        after = desk.still("the epoch after", before)
        check(middle(before) != middle(after), f"candidate {i + 1} looks the same in both epochs")
        if picture and i == 0:
            desk.picture(picture)
        key = "123"[i % 3]
        desk.key(key)
        desk.wait(f"verdict {i + 1}", lambda: verdict_of(path, fid) != "unreviewed")
        judged[fid] = KEYS[key]
        check(desk.strokes - strokes <= 3, f"verdict {i + 1} took {desk.strokes - strokes} strokes")
        shown = desk.still("the next candidate", after)
    strokes, seconds = desk.strokes, time.monotonic() - started
    # Back to the last one, which is judged again; then one is passed over.
    last, passed, following = order[JUDGED - 1:JUDGED + 2]
    desk.key("5")
    desk.key("2")
    desk.wait("another verdict", lambda: verdict_of(path, last) == "refuted")
    desk.key("4")
    desk.key("1")
    desk.wait("a verdict after one that was passed over", lambda: verdict_of(path, following) == "confirmed")
    judged.update({last: "refuted", following: "confirmed"})
    return judged, strokes, seconds


faults = []


def check(ok, text):
    if not ok:
        faults.append(text)


folder, picture = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
account = pwd.getpwuid(os.getuid())
name = account.pw_gecos.split(",")[0] or account.pw_name
days = [datetime.date.today().isoformat()]
desk = Desk()
try:
    desk.open(folder)
    judged, strokes, seconds = review(desk, picture)
    days.append(datetime.date.today().isoformat())
    for fid, _, verdict, reviewer, date in candidates(os.path.join(desk.folder, "review.gpkg")):
        want = judged.get(fid, "unreviewed")
        check(verdict == want, f"candidate {fid} is {verdict}, not {want}")
        check((reviewer == name and date in days) if fid in judged else (reviewer, date) == ("", None), f"candidate {fid}, {verdict}: by {reviewer} on {date}")
    print(f"{JUDGED} candidates judged by keys in QGIS: {strokes / JUDGED:.1f} strokes and {seconds / JUDGED:.1f} s each, "
          f"both epochs looked at; {len(faults)} faults")
except BaseException:
    desk.tell()
    raise
finally:
    desk.close()
for f in faults:
    print("FAIL", f)
sys.exit(1 if faults else 0)
