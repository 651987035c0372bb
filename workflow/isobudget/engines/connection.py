"""How this machine reaches a server: which proxy the environment names for its address, and whom it trusts.

A variable that has nothing to do with the address is not looked at, be it wrong; one that has is named where it is.
"""

import ipaddress
import os
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2

from isobudget.files.errors import StudyError


def client(url: str, setting: str, **more: Any) -> httpx2.AsyncClient:
    """An httpx2.AsyncClient for one server.

    Args:
        url: the server's.
        setting: what messages call the model.
        more: headers, timeout, limits.

    Raises:
        StudyError: a variable of the environment names a proxy that cannot be used, or certificates that are not there.
    """
    proxy, variable = proxy_of(url)
    safely = proxy is not None and proxy.startswith("https:")
    trusted = _trusted(setting, url) if safely or url.startswith("https:") else None
    try:
        through = httpx2.Proxy(proxy, ssl_context=trusted if safely else None) if proxy else None
        # what the environment says of this address is known by now
        return httpx2.AsyncClient(proxy=through, verify=trusted or False, trust_env=False, **more)
    except ImportError:
        reason = "a SOCKS proxy, for which the package socksio is not installed"
    except (ValueError, httpx2.InvalidURL):
        reason = "no address of a proxy"
    raise StudyError(
        f"{setting}: {url} would be asked through what the environment variable {variable} names, and that is "
        f"{reason}; correct or unset it, or add {urlsplit(url).hostname} to NO_PROXY."
    )


def proxy_of(url: str) -> tuple[str, str] | tuple[None, None]:
    """(proxy, variable): the proxy that the environment names for an address, and where; (None, None) for none.

    None is used for this machine itself, as a proxy would look for the server on its own.
    """
    address, known = urlsplit(url), getproxies()
    kind = next((kind for kind in (address.scheme, "all") if known.get(kind)), None)
    if kind is None or _is_near(address.hostname) or _is_excepted(address, known.get("no", "")):
        return None, None
    named = (f"{kind}_proxy", f"{kind}_proxy".upper())
    variable = next((name for name in named if os.environ.get(name)), named[1])
    return known[kind] if "://" in known[kind] else f"http://{known[kind]}", variable


def _is_near(host):
    found = _ip(host)
    return host == "localhost" or host.endswith(".localhost") or bool(found and found.is_loopback)


def _is_excepted(address, no_proxy):
    """Whether NO_PROXY covers an address: `*`, names and all below them, addresses, networks; some with a port."""
    host, ip = address.hostname, _ip(address.hostname)
    port = address.port or {"http": 80, "https": 443}[address.scheme]
    for entry in no_proxy.lower().split(","):
        entry = entry.partition("://")[2].partition("/")[0] if "://" in entry else entry.strip()
        if entry == "*":
            return True
        if ip and (network := _network(entry)):
            if ip in network:
                return True
            continue
        name, _, wanted = entry.rpartition(":") if entry.rpartition(":")[2].isdigit() else (entry, "", "")
        name = name.strip("[]").removeprefix("*").removeprefix(".")
        if name and (host == name or host.endswith(f".{name}")) and wanted in ("", str(port)):
            return True
    return False


def _ip(host):
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(entry):
    try:
        return ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _trusted(setting, url):
    """The certificates by which a server is known: those that the environment names, or the machine's."""
    try:
        return httpx2.create_ssl_context()
    except OSError as error:  # a folder that is not there says nothing here, and trusts nobody
        named = os.environ.get("SSL_CERT_FILE")
        reason = "holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror or error
        raise StudyError(
            f"{setting}: {url} is known by the certificates that the environment variable SSL_CERT_FILE names, and "
            f"{named} cannot be read ({reason}); correct or unset it."
        ) from None
