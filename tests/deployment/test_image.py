"""The image's recipe, read as text: no engine builds it here."""

import re
import tomllib

import pytest

from .project import ROOT

RECIPE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, str]:
    """Return the versions of a lock file."""
    text = (ROOT / lock).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


def test_the_image_has_the_versions_that_were_tested() -> None:
    """Its lock adds PostgreSQL's driver and the builder, and changes nothing."""
    image, plain, tested = (pins(f"requirements{kind}.lock") for kind in ("-docker", "", "-dev"))
    assert image.keys() - plain.keys() == {"psycopg", "psycopg-binary", "setuptools"}
    assert plain.items() <= image.items()
    assert {name: tested[name] for name in ("psycopg", "psycopg-binary")}.items() <= image.items()


def test_every_library_is_taken_by_its_hash_and_nothing_is_fetched_beside_them() -> None:
    """Each installation names the hashes, or looks at no index at all."""
    steps = re.sub(r"\\\n", " ", RECIPE).splitlines()
    installs = [step for step in steps if "install --no-cache-dir" in step]
    assert len(installs) == 2
    assert "--require-hashes -r requirements-docker.lock" in installs[0]
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(installs[1].split())


def test_the_image_runs_as_an_ordinary_user_and_is_watched() -> None:
    """The last word on the user is not root's."""
    users = re.findall(r"^USER (\S+)", RECIPE, re.MULTILINE)
    assert users
    assert not users[-1].startswith(("0", "root"))
    assert "HEALTHCHECK" in RECIPE
    tags = re.findall(r"^FROM (\S+)", RECIPE, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+\.\d+", tag) for tag in tags), tags


def test_the_compose_file_names_the_version_that_is_built() -> None:
    """An upgrade that keeps the old tag would run the old image."""
    compose = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"image: smarthub:(\S+)", compose)) == {PROJECT["project"]["version"]}


@pytest.mark.parametrize("kind", ["packages", "others"])
def test_what_the_image_needs_is_let_through_and_nothing_secret(kind: str) -> None:
    """`.dockerignore` lets in what is installed; secrets and settings stay outside."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    packages = {
        name.rstrip("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    if kind == "packages":
        assert packages <= let_in
    else:
        assert let_in - packages == {
            "LICENSE",
            "README.md",
            "pyproject.toml",
            "requirements-docker.lock",
        }
