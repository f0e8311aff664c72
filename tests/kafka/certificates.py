# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by openssl: good ones, and one for each way in which a certificate can be wrong."""
import subprocess

# Name: who signs, subject, the name it is for, days of validity (below 0: it has expired), what it is for.
CERTIFICATES = {
    "server": ("ca", "server", "IP:127.0.0.1,DNS:localhost", 365, "serverAuth"),
    "server-expired": ("ca", "server", "IP:127.0.0.1,DNS:localhost", -1, "serverAuth"),
    "server-host": ("ca", "server", "DNS:elsewhere.invalid", 365, "serverAuth"),
    "server-other": ("other-ca", "server", "IP:127.0.0.1,DNS:localhost", 365, "serverAuth"),
    "client": ("ca", "jincai", None, 365, "clientAuth"),
    "client-expired": ("ca", "jincai", None, -1, "clientAuth"),
    "client-other": ("other-ca", "jincai", None, 365, "clientAuth"),
    "client-stranger": ("ca", "stranger", None, 365, "clientAuth"),     # good, and of somebody who may do nothing
}
AUTHORITIES = {"ca": "jincai tests", "other-ca": "nobody's"}

CONFIG = """[ca]
default_ca = one
[one]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


def openssl(*words):
    got = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if got.returncode:
        raise RuntimeError(f"openssl {words[0]}: {got.stderr}")


def key(path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)


def make(folder):
    """Into folder: NAME.pem and NAME.key for each certificate and authority, and NAME.both.pem as a broker reads them."""
    folder.mkdir(mode=0o700)
    config = CONFIG.format(folder=folder)
    for name, (_, _, alias, _, use) in CERTIFICATES.items():
        config += f"[x-{name}]\nbasicConstraints = CA:FALSE\nextendedKeyUsage = {use}\n"
        config += f"subjectAltName = {alias}\n" if alias else ""
    (folder / "config").write_text(config)
    (folder / "index").write_text("")
    for name, subject in AUTHORITIES.items():
        key(folder / f"{name}.key")
        openssl("req", "-x509", "-new", "-key", folder / f"{name}.key", "-subj", f"/CN={subject}", "-days", 365,
                "-config", folder / "config", "-extensions", "authority", "-out", folder / f"{name}.pem")
    for name, (authority, subject, _, days, _) in CERTIFICATES.items():
        key(folder / f"{name}.key")
        openssl("req", "-new", "-key", folder / f"{name}.key", "-subj", f"/CN={subject}", "-config", folder / "config",
                "-out", folder / f"{name}.csr")
        ends = ("-startdate", "20200101000000Z", "-enddate", "20210101000000Z") if days < 0 else ("-days", days)
        openssl("ca", "-batch", "-notext", "-config", folder / "config", "-extensions", f"x-{name}", *ends,
                "-cert", folder / f"{authority}.pem", "-keyfile", folder / f"{authority}.key",
                "-in", folder / f"{name}.csr", "-out", folder / f"{name}.pem")
        both = (folder / f"{name}.key").read_text() + (folder / f"{name}.pem").read_text()
        (folder / f"{name}.both.pem").write_text(both)
    for path in folder.iterdir():
        if path.suffix not in (".pem", ".key") or path.stem.isupper():
            path.unlink()
    for path in folder.iterdir():
        path.chmod(0o600)
