"""Fixed bytes from outside: the examples published in the platform's own documentation."""

import pytest

from wxbot.errors import MalformedPush
from wxbot.protocol.cipher import Cipher
from wxbot.protocol.signature import is_signed, sign

APPID = "wxba5fad812f8e6fb9"
AES_KEY = "A" * 43
ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv"
    "6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNq"
    "J4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("1714036504", "1514711492"), "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        (("1714037059", "486452656"), "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
        (("1714112445", "415670741"), "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
        (("1714112445", "415670741", ENCRYPT), "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"),
    ],
)
def test_the_published_signatures_are_reproduced(parts: tuple[str, ...], expected: str) -> None:
    assert sign("AAAAA", *parts) == expected
    assert is_signed(expected, "AAAAA", *parts)
    assert not is_signed(expected, "AAAAB", *parts)


@pytest.mark.parametrize("odd", ["", "签名", "\udce9", "F464B24FC39322E44B38AA78F5EDD27BD1441696", "x" * 10_000])
def test_an_odd_signature_is_wrong_and_never_an_error(odd: str) -> None:
    assert not is_signed(odd, "AAAAA", "1714036504", "1514711492")


def test_the_published_ciphertext_opens() -> None:
    message = Cipher(AES_KEY, APPID).decrypt(ENCRYPT)

    assert len(message) == 167
    assert b'"Event":"debug_demo"' in message


def test_the_published_reply_is_encrypted_to_the_same_text() -> None:
    salt = b"707722b803182950"

    assert Cipher(AES_KEY, APPID).encrypt(b'{"demo_resp":"good luck"}', salt=salt) == (
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )


@pytest.mark.parametrize("length", [*range(0, 40), 63, 64, 65, 2047, 65_535])
def test_every_padding_length_comes_back(length: int) -> None:
    cipher = Cipher(AES_KEY, APPID)

    assert cipher.decrypt(cipher.encrypt(b"x" * length)) == b"x" * length


@pytest.mark.parametrize(
    "broken",
    ["", "not base64!", "AAAA", ENCRYPT[:-4], ENCRYPT[4:], "A" + ENCRYPT[1:], ENCRYPT.replace("+", "-")],
)
def test_whatever_is_wrong_the_error_is_the_same(broken: str) -> None:
    with pytest.raises(MalformedPush, match=r"^the encrypted body could not be read with this key and AppID"):
        Cipher(AES_KEY, APPID).decrypt(broken)


def test_another_accounts_appid_is_refused() -> None:
    with pytest.raises(MalformedPush):
        Cipher(AES_KEY, "wx0000000000000000").decrypt(ENCRYPT)


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "钥"])
def test_a_key_of_the_wrong_shape_is_refused_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="43 characters"):
        Cipher(key, APPID)
