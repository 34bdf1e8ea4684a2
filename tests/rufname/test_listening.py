from __future__ import annotations

import socket
import threading

import pytest

from rufname.listening import CannotListen, Inherited, adopt, bound_port, listen_on


def test_port_0_takes_a_free_port_and_listens_there() -> None:
    with listen_on("127.0.0.1", 0, "ldap://127.0.0.1:0") as listener:
        port = bound_port(listener)
        assert port
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_a_taken_address_is_named_as_the_configuration_writes_it() -> None:
    with listen_on("127.0.0.1", 0, "") as listener:
        port = bound_port(listener)
        with pytest.raises(
            CannotListen, match=f"cannot listen on ldap://x:{port}: another program listens there"
        ):
            listen_on("127.0.0.1", port, f"ldap://x:{port}")


def test_patience_waits_until_the_address_is_free() -> None:
    listener = listen_on("127.0.0.1", 0, "")
    port = bound_port(listener)
    timer = threading.Timer(0.2, listener.close)
    timer.start()
    listen_on("127.0.0.1", port, "", patience_s=20).close()
    timer.join()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotListen, match="no address of this machine"):
        listen_on("192.0.2.1", 0, "ldap://192.0.2.1:0")


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(CannotListen, match="no such host"):
        listen_on("nowhere.invalid", 0, "ldap://nowhere.invalid:0")


def test_an_inherited_descriptor_is_the_same_listener() -> None:
    with listen_on("127.0.0.1", 0, "") as listener:
        port = bound_port(listener)
        with adopt(socket.dup(listener.fileno())) as same:
            assert bound_port(same) == port
            assert same.getblocking() is False


def test_sockets_meant_for_another_process_are_left_alone_and_told_to_no_child() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b", "HOME": "/"}
    inherited = Inherited(environment)
    assert environment == {"HOME": "/"}
    assert inherited.take("127.0.0.1", 389) is None
    assert inherited.close_rest() == ()


def test_a_name_that_cannot_be_looked_up_is_no_inherited_socket() -> None:
    """The error of the look-up had ended `serve` without naming the address."""
    assert Inherited({}).take("nowhere.invalid", 389) is None
