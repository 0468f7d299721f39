"""Known vulnerabilities of what is installed here, by pip-audit; fails for each that is found.

Where pip-audit cannot reach its data, that is said, and is no failure: the change is not to blame for it.
"""

import json
import subprocess
import sys


def main() -> int:
    """Audit the environment of this interpreter."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"NOT AUDITED: {(done.stderr.strip().splitlines() or ['pip-audit said nothing'])[-1]}")
        return 0
    audited = [package for package in packages if "vulns" in package]
    found = [(package, vulnerability) for package in audited for vulnerability in package["vulns"]]
    for package, vulnerability in found:
        mended = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, mended in {mended}")
    print(f"{len(audited)} of {len(packages)} packages audited, {len(found)} vulnerabilities known")
    if not audited:
        print("NOT AUDITED: the data of pip-audit cannot be reached from here")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
