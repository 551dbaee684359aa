"""Settings: where they come from, what is refused, and that the key stays hidden."""

import copy
import dataclasses
import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from openml_client.config import (
    DEFAULT_SERVER,
    ApiKey,
    ConfigWarning,
    Settings,
    check_key,
    load_settings,
    normalise_server,
    save_key,
)
from openml_client.errors import ConfigError

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "f" * 32


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home folder."""
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def ours(home, text):
    return write(home / ".config/openml-client/config.toml", text)


def theirs(home, text):
    return write(home / ".openml/config", text)


# Defaults and precedence.


def test_defaults_are_the_public_server_without_a_key(home):
    settings = load_settings(environ={})
    assert settings.server == "https://www.openml.org"
    assert settings.api_key is None
    assert settings.cache_dir == home / ".cache/openml-client"
    assert not settings.offline
    assert (settings.connect_timeout_s, settings.read_timeout_s, settings.deadline_s) == (
        5,
        30,
        300,
    )
    assert settings.retries == 4
    assert settings.sources == {}


def test_loading_makes_no_file_and_no_folder(home):
    load_settings("local", environ={}, cache_dir=home / "cache")
    assert list(home.iterdir()) == []


def test_importing_reads_nothing_and_loads_no_http_library(home):
    theirs(home, "\0garbage")
    code = "import sys, openml_client.config; print('requests' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_arguments_come_before_the_environment_before_our_file_before_theirs(home):
    theirs(home, "apikey=1\nserver=https://theirs.org/api/v1/xml\ncachedir=/theirs\n")
    assert load_settings(environ={}).server == "https://theirs.org"
    ours(home, 'server = "https://ours.org"\n')
    settings = load_settings(environ={})
    assert (settings.server, settings.cache_dir) == ("https://ours.org", Path("/theirs"))
    environ = {"OPENML_SERVER": "https://environ.org", "OPENML_CACHE_DIR": "/environ"}
    settings = load_settings(environ=environ)
    assert (settings.server, settings.cache_dir) == ("https://environ.org", Path("/environ"))
    assert settings.sources["server"] == "environment variable OPENML_SERVER"
    settings = load_settings("https://argument.org", environ=environ)
    assert (settings.server, settings.cache_dir) == ("https://argument.org", Path("/environ"))
    assert settings.sources["server"] == "argument server"


def test_every_variable_of_the_environment_is_understood():
    settings = load_settings(
        environ={
            "OPENML_SERVER": "http://127.0.0.1:8000/api/v1",
            "OPENML_API_KEY": f" {KEY}\n",
            "OPENML_CACHE_DIR": "~/cache",
            "OPENML_OFFLINE": "Yes",
            "OPENML_TIMEOUT": "60",
        }
    )
    assert settings.server == "http://127.0.0.1:8000"
    assert settings.api_key.reveal() == KEY
    assert settings.api_key.source == "environment variable OPENML_API_KEY"
    assert settings.cache_dir == Path.home() / "cache"
    assert settings.offline
    assert (settings.connect_timeout_s, settings.read_timeout_s) == (10, 60)


def test_the_environment_of_the_process_is_the_default(monkeypatch):
    monkeypatch.setenv("OPENML_SERVER", "https://test.openml.org")
    assert load_settings().server == "https://test.openml.org"


def test_empty_variables_are_unset_ones():
    settings = load_settings(
        environ={"OPENML_SERVER": "", "OPENML_API_KEY": "", "OPENML_TIMEOUT": ""}
    )
    assert (settings.server, settings.api_key) == ("https://www.openml.org", None)


def test_an_empty_key_argument_asks_without_a_key():
    assert load_settings(api_key="", environ={"OPENML_API_KEY": KEY}).api_key is None


def test_every_setting_of_our_file_is_understood(home):
    ours(
        home,
        f'server = "https://test.openml.org"\napi_key = "{KEY}"\ncache_dir = "/c"\n'
        "offline = true\ntimeout_s = 6\nretries = 0\n",
    )
    settings = load_settings(environ={})
    assert settings.api_key.reveal() == KEY
    assert settings.api_key.source == f"file {home}/.config/openml-client/config.toml line 2"
    assert (settings.cache_dir, settings.offline) == (Path("/c"), True)
    assert (settings.read_timeout_s, settings.retries) == (6, 0)


@pytest.mark.parametrize("place", [".config/openml/config", ".openml/config"])
def test_the_file_of_openml_python_is_understood(home, place):
    """Source: openml-python 0.15.1, openml/config.py, ``set_field_in_config_file``."""
    write(
        home / place,
        f"apikey = {KEY}\nserver = https://test.openml.org/api/v1/xml\ncachedir = {home}/oml\n"
        "avoid_duplicate_runs = False\nretry_policy = human\nconnection_n_retries = 5\n",
    )
    settings = load_settings(environ={})
    assert settings.server == "https://test.openml.org"
    assert settings.api_key.reveal() == KEY
    assert settings.cache_dir == home / "oml"
    assert settings.retries == 4


def test_the_file_of_openml_python_is_found_by_xdg_config_home(home):
    write(home / "xdg/openml/config", "server=https://xdg.org\n")
    settings = load_settings(environ={"XDG_CONFIG_HOME": str(home / "xdg")})
    assert settings.server == "https://xdg.org"


def test_a_file_that_is_named_is_the_only_one_read(home):
    theirs(home, f"apikey={KEY}\ncachedir=/theirs\n")
    path = write(home / "mine.toml", "retries = 7\n")
    settings = load_settings(environ={}, config_file=path)
    assert (settings.retries, settings.api_key) == (7, None)
    with pytest.raises(ConfigError, match=r"nowhere\.toml does not exist"):
        load_settings(environ={}, config_file=home / "nowhere.toml")


# A key stays with its server.


def test_the_key_of_a_file_is_not_used_for_another_server(home):
    theirs(home, f"apikey={KEY}\n")
    assert load_settings(environ={}).api_key.reveal() == KEY
    assert load_settings("https://www.openml.org/api/v1", environ={}).api_key.reveal() == KEY
    for other in ("http://www.openml.org", "https://evil.org", "local"):
        assert load_settings(other, environ={}).api_key is None


def test_each_file_gives_the_key_of_its_own_server(home):
    ours(home, f'server = "https://ours.org"\napi_key = "{KEY}"\n')
    theirs(home, f"apikey={OTHER_KEY}\n")
    assert load_settings(environ={}).api_key.reveal() == KEY
    assert load_settings("https://www.openml.org", environ={}).api_key.reveal() == OTHER_KEY


def test_the_key_of_the_environment_is_for_servers_but_not_for_the_embedded_registry():
    environ = {"OPENML_API_KEY": KEY}
    assert load_settings("http://127.0.0.1:8000", environ=environ).api_key.reveal() == KEY
    assert load_settings("local:x", environ=environ).api_key is None
    assert load_settings("local", api_key=OTHER_KEY, environ=environ).api_key.reveal() == OTHER_KEY


def test_the_key_of_a_file_with_a_malformed_server_goes_nowhere(home):
    ours(home, f'server = "htps:/test.openml.org"\napi_key = "{KEY}"\n')
    with pytest.warns(ConfigWarning, match="line 1: server 'htps:/test.openml.org' is no address"):
        settings = load_settings(environ={})
    assert (settings.server, settings.api_key) == ("https://www.openml.org", None)


# The key is hidden.


def test_a_key_is_masked_wherever_it_is_printed():
    settings = load_settings(api_key=KEY, environ={})
    key = settings.api_key
    shown = f"{key} {key!r} {settings} {settings!r} {dataclasses.asdict(settings)} {[key]}"
    assert KEY not in shown
    assert "ApiKey(*** from argument api_key)" in shown


def test_a_pickle_leaves_the_key_behind():
    settings = load_settings(api_key=KEY, environ={}, retries=7)
    content = pickle.dumps(settings)
    assert KEY.encode() not in content
    assert pickle.loads(content) == dataclasses.replace(settings, api_key=None)


def test_a_copy_within_the_process_keeps_the_key():
    settings = Settings(api_key=ApiKey(KEY, "here"), cache_dir=Path("x"))
    assert copy.deepcopy(settings).api_key.reveal() == KEY
    assert dataclasses.replace(settings, retries=1).api_key.reveal() == KEY


def test_keys_are_equal_by_what_they_hold():
    assert ApiKey(KEY, "a") == ApiKey(KEY, "b")
    assert ApiKey(KEY, "a") != ApiKey(OTHER_KEY, "a")
    assert ApiKey(KEY, "a") != KEY


@pytest.mark.parametrize("key", ["has blank", "tab\there", "café", "k" * 300, "a\0b"])
def test_a_key_that_can_be_none_is_refused_without_showing_it(key):
    with pytest.raises(ConfigError, match="OPENML_API_KEY: the API key is no run of") as caught:
        load_settings(environ={"OPENML_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_with_a_key_that_others_can_read_is_warned_of(home, mode):
    path = theirs(home, f"apikey={KEY}\n")
    path.chmod(mode)
    with pytest.warns(ConfigWarning, match=f"{path} holds an API key and others can read it"):
        assert load_settings(environ={}).api_key.reveal() == KEY


def test_the_warning_comes_once_in_a_process(home):
    theirs(home, f"apikey={KEY}\n").chmod(0o644)
    code = "from openml_client.config import load_settings\nfor _ in range(3): load_settings()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.count("ConfigWarning: configuration file") == 1
    assert KEY not in done.stderr


def test_a_readable_file_without_a_key_is_fine(home):
    theirs(home, "server=https://test.openml.org\n").chmod(0o644)
    assert load_settings(environ={}).server == "https://test.openml.org"


# A key for each server.


def test_each_server_gets_its_key_of_the_table_and_no_other_server_any(home):
    path = ours(
        home,
        'server = "https://a.org"\n[keys]\n'
        f'"https://a.org/api/v1" = "{KEY}"\n"http://b.org" = "{OTHER_KEY}"\n',
    )
    settings = load_settings(environ={})
    assert settings.api_key.reveal() == KEY
    assert settings.api_key.source == f"file {path} line 3"
    assert load_settings("http://b.org", environ={}).api_key.reveal() == OTHER_KEY
    for other in ("https://b.org", "http://a.org", "https://www.openml.org", "local", "local:x"):
        assert load_settings(other, environ={}).api_key is None


def test_the_environment_comes_before_the_table_of_keys(home):
    ours(home, f'[keys]\n"{DEFAULT_SERVER}" = "{KEY}"\n')
    assert load_settings(environ={"OPENML_API_KEY": OTHER_KEY}).api_key.reveal() == OTHER_KEY


def test_one_malformed_key_leaves_the_others_and_is_not_shown(home):
    path = ours(
        home, f'[keys]\n"http://a.org" = "bl ank"\n"a.org" = "x"\n"http://b.org" = "{KEY}"\n'
    )
    with pytest.warns(ConfigWarning) as caught:
        assert load_settings("http://b.org", environ={}).api_key.reveal() == KEY
    first, second = [str(warning.message) for warning in caught]
    assert first.startswith(f"file {path} line 2: the API key is no run of")
    assert "bl ank" not in first
    assert second.startswith(f"file {path} line 3: server 'a.org' is no address")


def test_keys_that_are_no_table_are_warned_of(home):
    ours(home, 'keys = "x"\n')
    with pytest.warns(ConfigWarning, match="line 1: keys is no table"):
        assert load_settings(environ={}).api_key is None


# Saving.


def test_the_first_login_makes_the_default_server_and_later_ones_leave_it(home):
    first = save_key("https://a.org/api/v1", KEY)
    assert first.default_server == "https://a.org"
    assert save_key("https://b.org", OTHER_KEY).default_server == "https://a.org"
    assert load_settings(environ={}).server == "https://a.org"
    assert load_settings(environ={}).api_key.reveal() == KEY
    assert load_settings("https://b.org", environ={}).api_key.reveal() == OTHER_KEY
    assert save_key("https://b.org", KEY, make_default=True).default_server == "https://b.org"
    assert load_settings(environ={}).server == "https://b.org"
    assert load_settings(environ={}).api_key.reveal() == KEY


def test_a_new_key_takes_the_place_of_the_old_one(home):
    ours(home, f'server = "https://a.org"\napi_key = "{KEY}"\n')
    path = save_key("https://a.org", OTHER_KEY).path
    assert load_settings(environ={}).api_key.reveal() == OTHER_KEY
    assert KEY not in path.read_text()


def test_the_key_of_the_old_form_stays_with_its_server_when_the_default_changes(home):
    ours(home, f'server = "https://a.org"\napi_key = "{KEY}"\n')
    save_key("https://b.org", OTHER_KEY, make_default=True)
    assert load_settings(environ={}).server == "https://b.org"
    assert load_settings(environ={}).api_key.reveal() == OTHER_KEY
    assert load_settings("https://a.org", environ={}).api_key.reveal() == KEY


def test_what_else_the_file_holds_stays(home):
    path = ours(
        home, '# mine\nretries = 7\ncache_dir = "/a 🙂"\n[keys]\n# hers\n"http://x" = "k"\n'
    )
    assert save_key("https://a.org", KEY).path == path
    settings = load_settings("http://x", environ={})
    assert (settings.retries, settings.cache_dir) == (7, Path("/a 🙂"))
    assert settings.api_key.reveal() == "k"
    assert "# mine\n" in path.read_text()
    assert "# hers\n" in path.read_text()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_a_saved_file_can_be_read_by_its_owner_only(home):
    path = ours(home, "")
    path.chmod(0o644)
    save_key(DEFAULT_SERVER, KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_saving_where_no_folder_can_be_made_is_a_config_error(home):
    (home / ".config").write_text("a file")
    with pytest.raises(ConfigError, match=r"config\.toml can't be (read|written)"):
        save_key(DEFAULT_SERVER, KEY)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"retries = 1\n# \xff\n", "is no UTF-8 text"),
        (f'api_key = "{KEY}\n'.encode(), "is malformed at line 1"),
        (b'keys = "x"\n', "keys is no table"),
        (b'keys = { "http://x" = "k" }\n', "can't be changed by program"),
        (b'server = "a.org"\napi_key = "k"\n', "server 'a.org' is no address"),
    ],
)
def test_a_file_that_can_not_be_changed_is_named_and_left_as_it_is(home, content, why):
    path = ours(home, content)
    with pytest.raises(ConfigError) as caught:
        save_key("https://b.org", OTHER_KEY)
    assert str(path) in str(caught.value)
    assert why in str(caught.value)
    assert KEY not in str(caught.value)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("server", [DEFAULT_SERVER, "https://api.openml.org"])
def test_a_key_that_openml_org_can_not_have_given_is_refused_without_showing_it(server):
    assert check_key(server, f" {KEY}\n") == KEY
    for wrong in ("secret", KEY[:-1], KEY + "0", "g" * 32):
        with pytest.raises(ConfigError, match="its keys are 32 hexadecimal digits") as caught:
            check_key(server, wrong)
        assert wrong not in str(caught.value)


def test_other_servers_may_have_other_keys():
    assert check_key("https://notopenml.org", "any-key") == "any-key"
    assert check_key("https://test.openml.org", "normaluser") == "normaluser"  # a public one
    for wrong in ("", "  ", "a b", "café"):
        with pytest.raises(ConfigError, match="API key is"):
            check_key("http://127.0.0.1:8000", wrong)


@pytest.mark.parametrize(
    "server", [None, "https://openml.org/api/v1/xml", "https://api.openml.org"]
)
def test_a_key_that_openml_org_can_not_have_given_is_refused_by_its_clients(server):
    for settings in (
        lambda: load_settings(server, api_key="my-secret", environ={}),
        lambda: load_settings(server, environ={"OPENML_API_KEY": "my-secret"}),
    ):
        with pytest.raises(ConfigError, match="its keys are 32 hexadecimal digits") as caught:
            settings()
        assert "my-secret" not in str(caught.value)
        assert "api_key: " in str(caught.value) or "OPENML_API_KEY: " in str(caught.value)
    upper = load_settings(server, api_key=KEY.upper(), environ={})  # servers ignore the case
    assert upper.api_key.reveal() == KEY.upper()


@pytest.mark.parametrize("server", ["https://test.openml.org", "http://127.0.0.1:8000", "local:x"])
def test_other_servers_get_any_key(server):
    assert load_settings(server, api_key="normaluser", environ={}).api_key.reveal() == "normaluser"


def test_such_a_key_in_a_file_is_warned_of_and_ignored(home):
    path = theirs(home, "apikey = my-secret\n")
    with pytest.warns(ConfigWarning, match=r"config line 1: this is no API key of .*ignored"):
        assert load_settings(environ={}).api_key is None
    assert path.exists()


def test_what_takes_a_client_online_depends_on_what_took_it_offline(home):
    assert load_settings(environ={"OPENML_OFFLINE": "1"}).way_online == "Unset OPENML_OFFLINE."
    assert load_settings(offline=True, environ={}).way_online == (
        "It was made with offline=True; with offline=False it asks."
    )
    path = ours(home, "offline = true\n")
    assert load_settings(environ={}).way_online == (
        f"Set OPENML_OFFLINE=0, or take offline out of file {path} line 1."
    )
    assert not load_settings(environ={"OPENML_OFFLINE": "0"}).offline


# Broken files.


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('retries = 1\nserver = "https://', 2),
        ("a = 1\n\nthis is no toml\n", 3),
        (b"server = 1\n\xff\xfe\n", 2),
        (b"\0\0\0\0", 1),
        ("{}" * 10_000, 1),
    ],
)
def test_a_malformed_file_of_ours_is_named_with_its_line_and_defaults_hold(home, text, line):
    path = ours(home, text)
    with pytest.warns(ConfigWarning, match=f"{path} line {line} is malformed: the file is ignored"):
        settings = load_settings(environ={})
    assert (settings.server, settings.retries) == ("https://www.openml.org", 4)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"server = https://test.openml.org\n{KEY}\n", 2),
        (b"apikey = x\nserver = \xff\n", 2),
    ],
)
def test_a_malformed_file_of_theirs_is_named_with_its_line_and_not_quoted(home, text, line):
    path = theirs(home, text)
    with pytest.warns(ConfigWarning) as caught:
        settings = load_settings(environ={})
    assert settings.server == "https://www.openml.org"
    (message,) = [str(warning.message) for warning in caught]
    assert f"{path} line {line} is malformed" in message
    assert KEY not in message


def test_one_wrong_value_in_a_file_leaves_the_others(home):
    path = ours(home, 'retries = 1\ntimeout_s = "soon"\n')
    with pytest.warns(ConfigWarning, match=f"{path} line 2: timeout_s 'soon' is no positive"):
        settings = load_settings(environ={})
    assert (settings.retries, settings.read_timeout_s) == (1, 30)


def test_an_unknown_setting_in_our_file_is_named(home):
    path = ours(home, "# comment\nretry = 1\n")
    with pytest.warns(ConfigWarning, match=f"{path} line 2: there is no setting 'retry'"):
        load_settings(environ={})


def test_a_folder_in_place_of_the_file_is_warned_of(home):
    (home / ".openml/config").mkdir(parents=True)
    with pytest.warns(ConfigWarning, match="config can't be read"):
        load_settings(environ={})


def test_a_missing_home_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    assert load_settings(environ={}).cache_dir == tmp_path / "gone/.cache/openml-client"


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_an_unreadable_file_is_warned_of(home):
    path = theirs(home, "server=https://x.org\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")
    with pytest.warns(ConfigWarning, match="can't be read"):
        load_settings(environ={})


# Servers.


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://www.openml.org", "https://www.openml.org"),
        ("https://www.openml.org/", "https://www.openml.org"),
        ("https://www.openml.org/api", "https://www.openml.org"),
        ("https://www.openml.org/api/v1", "https://www.openml.org"),
        ("https://www.openml.org/api/v1/xml", "https://www.openml.org"),
        ("https://www.openml.org//api//v1/json//", "https://www.openml.org"),
        (" HTTPS://WWW.OpenML.org:443/api/v1/xml/ ", "https://www.openml.org"),
        ("http://127.0.0.1:8000/api/v1/xml/", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://host.org/openml/api/v1/", "https://host.org/openml"),
        ("https://host.org/OpenML", "https://host.org/OpenML"),
        ("https://host.org/api/v2", "https://host.org/api/v2"),
        ("local", "local"),
        ("local:./My Registry", "local:./My Registry"),
    ],
)
def test_a_server_is_reduced_to_origin_and_base_path(given, normal):
    assert normalise_server(given) == normal
    assert normalise_server(normal) == normal


@pytest.mark.parametrize(
    "junk",
    ["", "www.openml.org", "localhost:8000", "ftp://x.org", "https://", "https://a b.org", "local:",
     "https://x.org:port", "https://x.org/?a=1", "http://[::1", "file:///tmp", "locale", "/tmp/x"],
)  # fmt: skip
def test_junk_for_a_server_is_refused_with_examples(junk):
    with pytest.raises(ConfigError) as caught:
        load_settings(junk, environ={})
    message = str(caught.value)
    assert message.startswith(f"argument server: server {junk!r} is no address")
    assert "Examples: https://www.openml.org, http://127.0.0.1:8000, local" in message


def test_a_password_in_the_server_address_is_refused_and_not_shown():
    with pytest.raises(ConfigError, match=r"host\.org holds a user name or password") as caught:
        normalise_server("https://me:secret@host.org/")
    assert "secret" not in str(caught.value)


def test_local_servers_are_known_as_such():
    assert load_settings("local", environ={}).is_local
    assert load_settings("local:x", environ={}).is_local
    assert not load_settings("https://local", environ={}).is_local


# Other values.


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", "1e999"])
def test_a_timeout_that_is_none_is_refused(value):
    with pytest.raises(ConfigError, match=f"OPENML_TIMEOUT: timeout_s '{value}' is no positive"):
        load_settings(environ={"OPENML_TIMEOUT": value})


@pytest.mark.parametrize("value", [-1, 1.5, True, "many", 10**6])
def test_a_number_of_retries_that_is_none_is_refused(value):
    with pytest.raises(ConfigError, match=r"argument retries: retries .* is no number"):
        load_settings(retries=value, environ={})


def test_offline_is_yes_or_no():
    words = {"1": True, "TRUE": True, " on ": True, "0": False, "no": False}
    assert {w: load_settings(environ={"OPENML_OFFLINE": w}).offline for w in words} == words
    with pytest.raises(ConfigError, match="OPENML_OFFLINE: offline 'maybe' is neither yes nor no"):
        load_settings(environ={"OPENML_OFFLINE": "maybe"})


def test_offline_can_be_unset_by_an_argument():
    assert not load_settings(offline=False, environ={"OPENML_OFFLINE": "1"}).offline


def test_a_relative_cache_folder_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_settings(cache_dir="cache", environ={}).cache_dir == tmp_path / "cache"
