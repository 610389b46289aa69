"""What attackers type where a webhook's address is asked for, and the addresses that a name of theirs may lead to."""

REFUSED_URLS = (
    # another scheme, or none
    "http://shop.example/hook", "ftp://shop.example/", "file:///etc/passwd", "gopher://shop.example:70/_x", "//shop.example/",
    "https:shop.example/", "https:/shop.example/", "https:///shop.example", "dict://shop.example:11211/", "javascript:alert(1)", "",
    # another port
    "https://shop.example:22/", "https://shop.example:8443/", "https://shop.example:0443/", "https://shop.example:/", "https://shop.example:0/",
    "https://shop.example:65979/", "https://shop.example:443:443/",
    # a user, or two hosts that parsers do not agree about
    "https://user@shop.example/", "https://user:pw@shop.example/", "https://shop.example@127.0.0.1/", "https://127.0.0.1@shop.example/",
    "https://shop.example\\@127.0.0.1/", "https://127.0.0.1\\.shop.example/", "https://shop.example#@127.0.0.1/", "https://shop.example/#x",
    "https://shop.example\t.evil.example/", "https://shop.example\n/", "https://shop.example\r\nX-Evil: 1/", "https:// shop.example/",
    "https://shop.example/a b", "https://shop.example/\x00", "https://shop.example%2f@127.0.0.1/", "https://127.0.0.1%00.shop.example/",
    # this machine by its names
    "https://localhost/", "https://LOCALHOST/", "https://localhost.localdomain/", "https://app.localhost/", "https://printer.local/",
    "https://metadata.google.internal/", "https://router.lan/", "https://nas.home/", "https://git.corp/", "https://1.0.0.127.in-addr.arpa/",
    "https://intranet/", "https://metadata/", "https://shop.example./", "https://.shop.example/", "https://shop..example/",
    # addresses however they are written
    "https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://192.168.0.1/", "https://8.8.8.8/",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0x0.0x0.0x1/", "https://0177.0.0.1/", "https://017700000001/", "https://127.1/",
    "https://127.0.1/", "https://0/", "https://0.0.0.0/", "https://127.0.0.1./", "https://00127.0.0.1/", "https://127.0.0.0x1/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[fd00::1]/",
    "https://[2606:4700:4700::1111]/", "https://[v1.x]/", "https://[::1/", "https://::1/",
    # letters that become others: full-width digits and dots, circled letters, the Kelvin sign, soft hyphens
    "https://１２７.0.0.1/", "https://127。0。0。1/", "https://ⓛocalhost/", "https://\u212aelvin.example/", "https://sh\u00adop.example/",
    "https://bücher.example/", "https://shop.example\u2044x/",
    # labels that are none
    "https://-shop.example/", "https://shop-.example/", "https://shop_1.example/", "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/", "https://shop.example/" + "a" * 2000, "https://shop.123/", "https://*.example/",
)  # fmt: skip

ALLOWED_URLS = (
    ("https://shop.example/hook", "shop.example", "/hook"),
    ("HTTPS://Shop.Example:443/Hook?a=1&b=%20", "shop.example", "/Hook?a=1&b=%20"),
    ("https://xn--bcher-kva.example", "xn--bcher-kva.example", "/"),
    ("https://a.b-c.example.co?x", "a.b-c.example.co", "/?x"),
    ("https://127.0.0.1.nip.io/", "127.0.0.1.nip.io", "/"),  # a name; where it leads is asked each time
)

NOT_GLOBAL = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.255.0.1",
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1", "4000::1",
    "", "127.1", "2130706433", "0x7f000001", "no address",
)  # fmt: skip

GLOBAL = (
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "192.0.1.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::200e",
    "64:ff9b::808:808",
)
