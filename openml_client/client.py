"""The client: settings, transport and cache put together, and the namespaces over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from os import PathLike
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, NoReturn, Protocol, Self

from openml_client.config import Settings, load_settings
from openml_client.errors import ConfigError

if TYPE_CHECKING:
    from openml_client.model.mirror import Mirrored
    from openml_client.model.user import User
    from openml_client.resources.caller import Caller
    from openml_client.resources.datasets import Datasets
    from openml_client.resources.evaluations import Evaluations
    from openml_client.resources.flows import Flows
    from openml_client.resources.runs import Runs
    from openml_client.resources.setups import Setups
    from openml_client.resources.studies import Studies, Suites
    from openml_client.resources.tasks import Tasks
    from openml_client.resources.users import Users
    from openml_client.transport import DownloadInfo, Transport

SERVERS_GROUP = "openml_client.servers"
"""Entry points that open servers which are no address: ``local`` is the embedded registry.

The client must not know the registry, and the registry must not know the client; whoever is
installed under this name brings the two together.
"""

MIRRORS_GROUP = "openml_client.mirrors"
"""Entry points that copy things of a server to where their name says, as ``folder``."""


class OpenedServer(Protocol):
    """What an entry point of `SERVERS_GROUP` gives."""

    transport: Transport
    settings: Settings
    """The settings that were asked for, completed: a key and a cache folder, say."""

    def close(self) -> None:
        """Release what was opened."""


class Client:
    """A client of one OpenML server.

    Parameters
    ----------
    server
        ``https://www.openml.org`` by default; any address of a v1 server; ``local`` for the
        user's embedded registry; ``local:PATH`` for the registry in a folder, which is made if
        it is missing.
    api_key
        Needed to publish. Reading public things needs none, and ``local`` has its own.
    cache_dir
        Folder that keeps what was downloaded.
    offline
        Send no request over the network; what the cache has still works, and so does an embedded
        registry, which needs none.
    timeout_s
        Seconds that a server may stay silent.
    retries
        How often a request is repeated that met a passing fault.

    Raises
    ------
    ConfigError
        If an argument or an environment variable is malformed.

    Notes
    -----
    Arguments come before the environment (``OPENML_SERVER``, ``OPENML_API_KEY``,
    ``OPENML_CACHE_DIR``, ``OPENML_OFFLINE``, ``OPENML_TIMEOUT``), which comes before the
    configuration file. A client may be shared by threads. Use it as a context manager, or call
    `close`.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        api_key: str | None = None,
        cache_dir: str | PathLike[str] | None = None,
        offline: bool | None = None,
        timeout_s: float | None = None,
        retries: int | None = None,
    ) -> None:
        self._settings = load_settings(
            server,
            api_key=api_key,
            cache_dir=cache_dir,
            offline=offline,
            timeout_s=timeout_s,
            retries=retries,
        )
        self._opened: OpenedServer | None = None
        self._transport: Transport | None = None
        self._owns_transport = True
        self._is_offline = self._settings.offline and not self._settings.is_local
        if self._settings.is_local:
            self._opened = _open_server(self._settings)
            self._settings = self._opened.settings
            self._transport = self._opened.transport

    @classmethod
    def over(cls, transport: Transport, settings: Settings) -> Self:
        """A client over a transport of one's own: a recorded server, or any WSGI application.

        The transport is the caller's, who closes it.
        """
        client = object.__new__(cls)
        client._settings = settings
        client._opened = None
        client._transport = transport
        client._owns_transport = False
        client._is_offline = settings.offline
        return client

    @property
    def settings(self) -> Settings:
        """The settings that hold for this client; they don't change."""
        return self._settings

    @property
    def is_offline(self) -> bool:
        """Whether the server is not asked: an embedded registry is, for that takes no network."""
        return self._is_offline

    def with_options(
        self,
        *,
        api_key: str | None = None,
        offline: bool | None = None,
        timeout_s: float | None = None,
        retries: int | None = None,
    ) -> Client:
        """A sibling with other options, which shares the connections and the cache.

        With ``offline=True`` it has what the cache has, also of an embedded registry. Close the
        first client last: the connections are its own.
        """
        given = {
            "api_key": api_key,
            "offline": offline,
            "timeout_s": timeout_s,
            "retries": retries,
        }
        settings = _changed(self._settings, {k: v for k, v in given.items() if v is not None})
        sibling = Client.over(self._connection.with_settings(settings), settings)
        sibling._is_offline = self._is_offline if offline is None else settings.offline
        return sibling

    @cached_property
    def datasets(self) -> Datasets:
        """Find, load and publish datasets."""
        from openml_client.resources.datasets import Datasets

        return Datasets(self._caller)

    @cached_property
    def tasks(self) -> Tasks:
        """Find and publish tasks, and get their splits."""
        from openml_client.resources.tasks import Tasks

        return Tasks(self._caller)

    @cached_property
    def flows(self) -> Flows:
        """Turn models into flows and back."""
        from openml_client.resources.flows import Flows

        return Flows(self._caller)

    @cached_property
    def setups(self) -> Setups:
        """Find flows with the values of their parameters."""
        from openml_client.resources.setups import Setups

        return Setups(self._caller, self.flows)

    @cached_property
    def runs(self) -> Runs:
        """Execute models on tasks, publish runs and reproduce them."""
        from openml_client.resources.runs import Runs

        return Runs(self._caller, self.datasets, self.tasks, self.flows, self.setups)

    @cached_property
    def evaluations(self) -> Evaluations:
        """List measures of runs."""
        from openml_client.resources.evaluations import Evaluations

        return Evaluations(self._caller)

    @cached_property
    def suites(self) -> Suites:
        """Find and make collections of tasks, to benchmark on."""
        from openml_client.resources.studies import Suites

        return Suites(self._caller)

    @cached_property
    def studies(self) -> Studies:
        """Find and make collections of runs."""
        from openml_client.resources.studies import Studies

        return Studies(self._caller)

    @cached_property
    def users(self) -> Users:
        """Names of those who published things."""
        from openml_client.resources.users import Users

        return Users(self._caller)

    def whoami(self) -> User:
        """The user whose API key this client has.

        Raises
        ------
        AuthenticationError
            Without an API key, or with a wrong one.
        ServerError
            If the server does not tell whose key it is, which openml.org's does not; it knows
            the key then.
        """
        from openml_client.resources.users import whoami

        return whoami(self._caller)

    def download(
        self, url: str, sink: IO[bytes], *, md5: str | None = None, private: bool = False
    ) -> DownloadInfo:
        """Facts about a file, after it was written to ``sink``; nothing is kept in the cache.

        Parameters
        ----------
        url
            As the documents of the server name it.
        md5
            Checksum that the file must have.
        private
            Send the API key with the request, if the address is the server's own.

        Raises
        ------
        TransportError
            With ``status``, if there is no such file.
        IntegrityError
            If the file does not match ``md5``.
        """
        return self._caller.download(url, sink, md5=md5, private=private)

    def mirror(
        self,
        folder: str | PathLike[str],
        *,
        datasets: Iterable[Any] = (),
        tasks: Iterable[Any] = (),
        suites: Iterable[Any] = (),
        studies: Iterable[Any] = (),
        runs_of_tasks: Iterable[Any] = (),
        workers: int = 8,
        progress: bool = True,
    ) -> Mirrored:
        """What is copied from this server into the registry of a folder, ids and all.

        Everything that a thing needs comes with it: a suite brings its tasks, a study its runs,
        a task its dataset and its splits, a run its task, flow, setup and files.  What the folder
        has already is left alone, so that a mirror that was interrupted goes on where it ended;
        then ``Client("local:FOLDER")`` answers as this server does, without a network.

        Parameters
        ----------
        folder
            Of a registry, which is made if it is missing.
        datasets
            Ids or names.
        tasks, runs_of_tasks
            Ids; of the latter all runs are copied too.
        suites, studies
            Ids or aliases.
        workers
            Requests that are under way at once.
        progress
            Show a bar for each kind of thing.

        Raises
        ------
        ValidationError
            If nothing is asked for.
        RegistryError
            If the folder is something else than a registry.
        AuthenticationError
            If the API key is wrong.
        """
        copy = _installed(MIRRORS_GROUP, "folder", what="copies to a folder")
        mirrored: Mirrored = copy(
            self,
            folder,
            datasets=datasets,
            tasks=tasks,
            suites=suites,
            studies=studies,
            runs_of_tasks=runs_of_tasks,
            workers=workers,
            progress=progress,
        )
        return mirrored

    @cached_property
    def _caller(self) -> Caller:
        from openml_client.cache import Cache
        from openml_client.resources.caller import Caller

        cache = Cache(self._settings.cache_dir, server=self._settings.server)
        return Caller(self._settings, self._connection, cache, is_offline=self._is_offline)

    @property
    def _connection(self) -> Transport:
        if self._transport is None:
            from openml_client.transport import LazyTransport

            self._transport = LazyTransport(self._settings)
        return self._transport

    def close(self) -> None:
        """Close the connections and, of a local server, the registry.

        What is asked afterwards opens them again.
        """
        if self._transport is not None and self._owns_transport:
            self._transport.close()
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a client holds connections, which don't pickle: make one in each process, of "
            f"Client({self._settings.server!r})"
        )

    def __repr__(self) -> str:
        offline = ", offline" if self._is_offline else ""
        return f"<Client of {self._settings.server}{offline}>"


_FIELDS = {"timeout_s": ("connect_timeout_s", "read_timeout_s", "deadline_s")}
"""Fields of the settings that an option sets, where they have other names."""


def _changed(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """The settings with some options of another value; nothing else is looked up again."""
    # An argument comes before all other places, so that only arguments are taken from here.
    parsed = load_settings(settings.server, **given)
    names = [field for option in given for field in _FIELDS.get(option, (option,))]
    sources = {**settings.sources, **{option: parsed.sources[option] for option in given}}
    fields: dict[str, Any] = {name: getattr(parsed, name) for name in names}
    return replace(settings, **fields, sources=sources)


def _open_server(settings: Settings) -> OpenedServer:
    scheme = settings.server.partition(":")[0]
    open_server = _installed(SERVERS_GROUP, scheme, what=f"opens the server {settings.server!r}")
    opened: OpenedServer = open_server(settings)
    return opened


def _installed(group: str, name: str, *, what: str) -> Any:
    """What is installed under a name in a group of entry points."""
    from importlib.metadata import entry_points  # which loads the parser of mails

    found = entry_points(group=group, name=name)
    if not found:
        raise ConfigError(
            f"nothing installed {what}",
            hint="The package's metadata is missing: install it with "
            "`pip install 'openml-client[registry]'`.",
        )
    return next(iter(found)).load()
