import pytest

from podrunner.engine import references

DIGEST = "sha256:" + "0123456789abcdef" * 4
IDENTIFIER = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("busybox", "docker.io/library/busybox", "latest", ""),
        ("busybox:1.36", "docker.io/library/busybox", "1.36", ""),
        ("luksa/kubia:1.0", "docker.io/luksa/kubia", "1.0", ""),
        ("docker.io/nginx", "docker.io/library/nginx", "latest", ""),
        ("index.docker.io/nginx", "docker.io/library/nginx", "latest", ""),
        ("quay.io/a/b/c:v1", "quay.io/a/b/c", "v1", ""),
        ("localhost/app", "localhost/app", "latest", ""),
        ("localhost:5000/app:1", "localhost:5000/app", "1", ""),
        ("Registry/app", "Registry/app", "latest", ""),
        ("[::1]:5000/app", "[::1]:5000/app", "latest", ""),
        (f"busybox@{DIGEST}", "docker.io/library/busybox", "", DIGEST),
        (f"busybox:1.36@{DIGEST}", "docker.io/library/busybox", "1.36", DIGEST),
        ("a__b/c-d.e", "docker.io/a__b/c-d.e", "latest", ""),
    ],
)
def test_a_reference_is_completed(text: str, repository: str, tag: str, digest: str) -> None:
    reference = references.parse(text)
    assert (reference.repository, reference.tag, reference.digest) == (repository, tag, digest)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Busybox", "invalid reference format: repository name must be lowercase"),
        ("quay.io/App:v1", "invalid reference format: repository name must be lowercase"),
        ("", "invalid reference format"),
        ("busybox:", "invalid reference format"),
        ("busybox:tag with blanks", "invalid reference format"),
        ("busybox:" + "x" * 129, "invalid reference format"),
        ("bu$ybox", "invalid reference format"),
        ("-busybox", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("https://quay.io/app", "invalid reference format"),
        ("busybox@sha256:abc", "invalid reference format"),
        ("büsybox", "invalid reference format"),
        ("busybox\n", "invalid reference format"),
        ("quay.io/" + "a" * 250, "repository name must not be more than 255 characters"),
        (IDENTIFIER, f"invalid repository name ({IDENTIFIER}), cannot specify 64-byte hexadecimal strings"),
    ],
)
def test_what_is_no_reference_is_refused_in_the_kubelets_words(text: str, problem: str) -> None:
    with pytest.raises(references.InvalidReference) as refused:
        references.parse(text)
    assert str(refused.value) == f'couldn\'t parse image reference "{text}": {problem}'
