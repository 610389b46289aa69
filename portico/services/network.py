"""The network a request comes from, as limits count it."""

from ipaddress import IPv6Address, ip_address, ip_network

_IPV6_PREFIX = 64  # what one household or machine is given; counting single addresses would count nothing


def of(address: str) -> str:
    """An IPv4 address as it is, an IPv6 one as its /64, an IPv4 one written as IPv6 as IPv4; anything else is one network.
    Some proxies write a port behind the address."""
    try:
        ip = ip_address(_without_port(address).partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ip_network((ip, _IPV6_PREFIX), strict=False))
    return str(ip)


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
