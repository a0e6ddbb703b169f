"""Debian's Chromium, driven through its own chromedriver by the WebDriver protocol; standard library only."""

import base64
import json
import re
import subprocess
import urllib.error
import urllib.request

# Keys that have no letter, as WebDriver writes them.
BACKSPACE, TAB, ENTER, SPACE, CONTROL = "\ue003", "\ue004", "\ue007", " ", "\ue009"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"
OPTIONS = [
    "--headless=new", "--no-first-run", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb",
    # Without this it refuses to run as root; it opens nothing but our own file.
    "--no-sandbox",
    # Small /dev/shm of containers.
    "--disable-dev-shm-usage",
    # No name has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


class BrowserError(Exception):
    """What the browser could not do."""


class Browser:
    """A browser without a window, and without a network."""

    def __init__(self, folder, log):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder
        )
        try:
            self.address = f"http://127.0.0.1:{self._port()}"
            self.session = self._start(folder)
        except BaseException:
            self.driver.kill()
            raise
        self.cdp("Network.enable")
        self.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def _port(self):
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return int(found[1])
        raise BrowserError("chromedriver does not start")

    def _start(self, folder):
        options = {"binary": "/usr/bin/chromium", "args": [*OPTIONS, f"--user-data-dir={folder}/profile"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        return self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=30)

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(json.load(error)["value"]["message"].splitlines()[0]) from None

    def _in_session(self, path, **body):
        return self._send("POST", f"/session/{self.session}{path}", body)

    def cdp(self, command, **parameters):
        """A command of the DevTools protocol."""
        return self._in_session("/goog/cdp/execute", cmd=command, params=parameters)

    def open(self, path):
        self._in_session("/url", url=path.as_uri())

    def run(self, script, *arguments):
        """Runs the body of a function in the page; what it returns. Promises are waited for."""
        return self._in_session("/execute/sync", script=script, args=arguments)

    def press(self, *keys):
        """Presses keys one after the other; a tuple is pressed together."""
        actions = []
        for key in keys:
            together = key if isinstance(key, tuple) else (key,)
            actions += [{"type": "keyDown", "value": part} for part in together]
            actions += [{"type": "keyUp", "value": part} for part in reversed(together)]
        self._in_session("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def point(self, x, y, click=False):
        """Moves the mouse to a place in the window."""
        actions = [{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}]
        if click:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._in_session("/actions", actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def click(self, selector):
        """Clicks the middle of an element with the mouse."""
        self.point(*self.run(
            """const found = document.querySelector(arguments[0]);
            found.scrollIntoView({block: "center", behavior: "instant"});
            const box = found.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];""",
            selector,
        ), click=True)

    def log(self, kind):
        """What was logged since the last call: `browser` is the console, `performance` the events of DevTools."""
        entries = self._in_session("/se/log", type=kind)
        return [json.loads(entry["message"])["message"] for entry in entries] if kind == "performance" else entries

    def screen(self, width, height=900, dark=False, media=""):
        """How wide the window is, and what it prefers."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.cdp("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self):
        """The whole page as PNG."""
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        shot = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def pdf(self):
        """The page on A4."""
        printed = self.cdp("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
        return base64.b64decode(printed["data"])
