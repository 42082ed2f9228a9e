"""The gallery's own refusals have words and a next step."""

import inspect

import pytest

from mtpbackup import messages
from mtpbackup.engine.gallery import trouble
from mtpbackup.errors import MtpBackupError
from mtpbackup.messages import ExitCode, about_gallery

CLASSES = [
    kind
    for _, kind in inspect.getmembers(trouble, inspect.isclass)
    if issubclass(kind, MtpBackupError) and kind is not MtpBackupError
]
EXAMPLES = {
    trouble.WorkGoingOn: lambda: trouble.WorkGoingOn("backup"),
    trouble.PictureUnknown: lambda: trouble.PictureUnknown("7\x1b[31m"),
    trouble.FolderUnusable: lambda: trouble.FolderUnusable("pictures\x1b[31m", whole=False),
}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_refusal_has_words(kind):
    assert about_gallery
    assert kind in messages.explained_classes()
    advice = messages.explain(EXAMPLES.get(kind, kind)())
    assert advice.headline.endswith(".") and "\x1b" not in advice.headline
    assert advice.what_to_do and advice.exit_code is not ExitCode.OK
