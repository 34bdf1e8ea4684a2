"""`rufname register`: this directory at a relay in the cloud: register, join, invite, leave.

Law: private keys are made here and stay here; only another machine of the same directory gets them,
sealed to it (`rufname.joining`).
"""

from __future__ import annotations

import json
import shutil
import socket
import time
import webbrowser
from pathlib import Path

import click
import httpx
import msgspec

from relay.errors import NotAuthenticated
from relay.http.registration import StandingAnswer
from relay.nodesettings import ANY_ORGANISATION
from relay.octets import encode_octets
from relay.settings import ENTRA
from relay.tokens import claimed_tenant
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.keyring import EXCHANGE_FILE, IDENTITY_FILE, KeyRing
from relay.tunnel.keys import TenantIdentity, fingerprint, grouped
from relay.tunnel.registration import Dismiss, Keep, Register, Remove, sign
from relay.tunnel.settings import TunnelSettings
from rufname import notation
from rufname.config import Config
from rufname.entra import Application, sign_in_by_browser, sign_in_by_code
from rufname.exits import DONE, NO
from rufname.joining import Member, NotRegistered, check_node, invite, join
from rufname.options import serving_config_option
from rufname.ownership import require_own
from rufname.pasting import with_file
from rufname.registrar import CannotRegister, Registrar, web_client

FRESH = "tunnel-fresh"
"""Folder of keys that are to replace the present ones, until the relay takes them."""


@click.command()
@serving_config_option
@click.option("--relay", metavar="URL", help="Register at this relay: https://HOST[:PORT].")
@click.option("--node", metavar="NAME", help="This machine's name there; default: its host name.")
@click.option(
    "--sign-in",
    "way",
    type=click.Choice(["code", "browser"]),
    default="code",
    show_default=True,
    help="With a code in any browser, or with the browser of this machine.",
)
@click.option("--authority", default=ENTRA, show_default=True, help="Where people sign in.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file of the authority of the relay's or a proxy's certificate, as tunnel.ca.",
)
@click.option(
    "--prepare-identity", "prepare", is_flag=True, help="Make the next identity key and show it."
)
@click.option(
    "--replace-identity", "replace", is_flag=True, help="Change to the next identity key."
)
@click.option("--join", "code", metavar="CODE", help="Join with the code of another machine.")
@click.option("--tenant", default="", metavar="ID", help="The tenant to join.")
@click.option("--invite", "inviting", is_flag=True, help="Show a code for another machine to join.")
@click.option("--keep", is_flag=True, help="Refuse another identity's registration that waits.")
@click.option("--dismiss", default="", metavar="NAME", help="Let a machine connect no more.")
@click.option("--remove", is_flag=True, help="End the tenant's registration.")
def register(
    config: Config,
    *,
    relay: str | None,
    node: str | None,
    way: str,
    authority: str,
    ca: Path | None,
    prepare: bool,
    replace: bool,
    code: str | None,
    tenant: str,
    inviting: bool,
    keep: bool,
    dismiss: str,
    remove: bool,
) -> int:
    """Register this directory at a relay, so that Teams reaches it without an open port.

    With --relay an administrator of the tenant (Global or Teams Administrator) signs in, or a
    further machine joins by a code. Without it, what is registered is shown or changed.
    """
    if sum(map(bool, (relay, prepare, inviting, keep, dismiss, remove))) > 1:
        raise click.UsageError(
            "--relay, --prepare-identity, --invite, --keep, --dismiss, --remove exclude each other"
        )
    if bool(code) != bool(tenant) or (code and not relay):
        raise click.UsageError("to join takes --relay, --tenant and --join")
    if relay is not None or prepare:  # keys are written, which the service has to read
        require_own(config.data_dir)
    settings = config.tunnel or TunnelSettings(client_id="")
    if ca is not None:
        settings = msgspec.structs.replace(settings, ca=ca)
    with web_client(settings) as web:
        if relay is None:
            return _of_member(
                config,
                web,
                inviting=inviting,
                prepare=prepare,
                keep=keep,
                dismiss=dismiss,
                remove=remove,
            )
        registrar = Registrar(web, _address("--relay", relay))
        name = check_node(node or socket.gethostname().partition(".")[0])
        registrar.require_own_name()
        if code:
            join(config.keys_dir, registrar, tenant.lower(), name, code)
            return _tell(registrar, Member.load(config.keys_dir, web), config.path)
        token = _sign_in(web, registrar, _address("--authority", authority), way)
        done = _register(config, registrar, name, token, replace=replace)
        if done == DONE and ca is not None:  # the table that was printed goes on
            click.echo(f"ca = {json.dumps(str(ca.absolute()))}")
        return done


def _of_member(
    config: Config,
    web: httpx.Client,
    *,
    inviting: bool,
    prepare: bool,
    keep: bool,
    dismiss: str,
    remove: bool,
) -> int:
    """Show or change what is registered; to be registered nowhere is an answer, to change it not.

    Raises:
        NotRegistered: there is nothing to change.
    """
    try:
        member = Member.load(config.keys_dir, web)
    except NotRegistered as error:
        if inviting or prepare or keep or dismiss or remove:
            raise
        click.echo(with_file(str(error), config.path))
        return NO
    if inviting:
        return invite(member, click.echo)
    if prepare:
        return _prepare(config, member)
    return _change(member, config.path, keep=keep, dismiss=dismiss, remove=remove)


def _sign_in(web: httpx.Client, registrar: Registrar, authority: str, way: str) -> str:
    """Return an administrator's token for the relay."""
    ways = registrar.ways()
    if ways.authority != authority:
        raise CannotRegister(
            f"{registrar.relay} wants administrators to sign in at {ways.authority}: if that is "
            f"right, say --authority {ways.authority}"
        )
    application = Application(authority, ANY_ORGANISATION, ways.client_id, ways.scope)
    if way == "browser":
        return sign_in_by_browser(web, application, _show)
    return sign_in_by_code(web, application, click.echo)


def _register(config: Config, registrar: Registrar, node: str, token: str, *, replace: bool) -> int:
    """Register with the keys of the folder, or with new ones."""
    folder = config.keys_dir
    try:
        tid = claimed_tenant(token)
    except NotAuthenticated:
        raise CannotRegister("the sign-in gave no token of a tenant") from None
    old = KeyRing.load(folder)
    if old is not None and old.tid != tid:
        raise CannotRegister(
            f"the keys in {folder} are of tenant {old.tid}, the sign-in was at tenant {tid}"
        )
    ring, fresh = old, folder / FRESH
    if ring is None:
        ring = KeyRing.create(folder, tid, time.time())
    elif replace:
        ring = _next_keys(folder, tid)
    connector = TenantIdentity.generate()
    order = Register(
        registrar.ways().relay,
        tid,
        int(time.time() * 1000),
        encode_octets(ring.identity.public),
        node,
        encode_octets(connector.public),
        ring.bundle(time.time()).encode().decode(),
    )
    signed = sign(order, ring.identity, old.identity if replace and old is not None else None)
    standing = registrar.order(signed, token)
    mine = fingerprint(ring.identity.public)
    if standing.fingerprint != mine:
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(standing.waiting_until))
        click.echo(
            f"not registered yet: tenant {tid} is registered with another identity,\n"
            f"  fingerprint {grouped(standing.fingerprint)}\n"
            f"its directory can refuse this one until {until}; run this command again then\n"
            f"  fingerprint {grouped(mine)}"
        )
        return NO
    Enrolment(registrar.relay, tid, node, connector).store(folder)
    if ring is not old and old is not None:
        for name in (EXCHANGE_FILE, IDENTITY_FILE):  # the identity last: with it all is there
            (fresh / name).replace(folder / name)
        shutil.rmtree(fresh)
    _print(registrar.relay, standing, config.path)
    click.echo(
        f"this machine is {node!r} there; in the configuration:\n\n"
        f'[tunnel]\nclient_id = "{registrar.ways().client_id}"'
    )
    return DONE


def _next_keys(folder: Path, tid: str) -> KeyRing:
    """Return the keys that are to replace those of the folder; made once."""
    return KeyRing.load(folder / FRESH) or KeyRing.create(folder / FRESH, tid, time.time())


def _prepare(config: Config, member: Member) -> int:
    """Make the next keys; nothing changes yet."""
    folder = config.keys_dir
    now, then = (
        grouped(fingerprint(ring.identity.public))
        for ring in (member.ring, _next_keys(folder, member.tid))
    )
    click.echo(
        f"present fingerprint  {now}\n"
        f"next fingerprint     {then}\n"
        "nothing is changed yet. First publish an app package that names both:\n"
        f'  rufname teams-app … --fingerprint "{now}" --fingerprint "{then}"\n'
        "and once everybody has it:\n"
        + with_file(
            f"  rufname register -c FILE --relay {member.registrar.relay} --replace-identity",
            config.path,
        )
    )
    return DONE


def _change(member: Member, file: Path, *, keep: bool, dismiss: str, remove: bool) -> int:
    """Give the order that was asked for, if any; say what is registered then."""
    head = member.head()
    if keep:
        member.order(Keep(*head))
    elif dismiss:
        member.order(Dismiss(*head, check_node(dismiss)))
    elif remove:
        member.order(Remove(*head))
        click.echo(f"{member.registrar.relay}: tenant {member.tid} is no longer registered")
        return DONE
    return _tell(member.registrar, member, file)


def _tell(registrar: Registrar, member: Member, file: Path) -> int:
    standing = registrar.standing(member.tid)
    if standing is None:
        click.echo(f"{registrar.relay}: tenant {member.tid} is not registered")
        return NO
    _print(registrar.relay, standing, file)
    click.echo(f"this machine is {member.enrolment.connector!r} there")
    mine = fingerprint(member.ring.identity.public)
    if standing.fingerprint != mine:
        click.echo(f"but its keys are others: fingerprint {grouped(mine)}")
        return NO
    return DONE


def _print(relay: str, standing: StandingAnswer, file: Path) -> None:
    click.echo(f"registered at {relay}")
    click.echo(f"  tenant       {standing.tid}")
    click.echo(f"  fingerprint  {grouped(standing.fingerprint)}")
    if standing.nodes:
        click.echo(f"  machines     {', '.join(standing.nodes)}")
    if standing.waiting_until:
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(standing.waiting_until))
        click.echo(
            f"WARNING: another identity wants to replace it, after {until}:\n"
            f"  fingerprint  {grouped(standing.waiting_fingerprint)}\n"
            + with_file("if that is not yours: rufname register -c FILE --keep", file)
        )


def _show(address: str) -> None:
    if not webbrowser.open(address):
        click.echo(f"open {address}")


def _address(option: str, text: str) -> str:
    try:
        return notation.authority(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
