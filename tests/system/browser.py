"""A headless Chromium, driven as WebDriver (W3C) says, over chromedriver on loopback."""

import base64
import json
import subprocess
import time
import urllib.error
import urllib.request

from free_port import free_port


class Browser:
    """To be used with `with`: the browser ends with it."""

    def __init__(self, log):
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdout=log, stderr=log)
        self.session = None

    def __enter__(self):
        try:
            self.await_driver()
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
            self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {"args": arguments}}}})["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.session is not None:
            self.tell("DELETE", "")
        self.driver.terminate()
        self.driver.wait(20)

    def await_driver(self):
        until = time.monotonic() + 30
        while True:
            try:
                if self.ask("GET", "/status")["ready"]:
                    return
            except OSError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()}") from error

    def tell(self, method, path, body=None):
        return self.ask(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        self.tell("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What the script returns; arguments are its arguments[0] and so on."""
        return self.tell("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def await_true(self, script, seconds=30):
        until = time.monotonic() + seconds
        while not self.run(script):
            if time.monotonic() > until:
                raise RuntimeError(f"not within {seconds} s: {script}")
            time.sleep(0.1)

    def command(self, name, **parameters):
        """One of the DevTools protocol."""
        return self.tell("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def resize(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=width < 600)

    def prefer(self, scheme):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, key):
        self.tell("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def errors(self):
        """What the console has complained of since the last call."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.tell("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.tell("GET", "/screenshot")))
