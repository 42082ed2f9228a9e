"""One suite for every kind of store, then what only one of them can."""

from __future__ import annotations

import os

import pytest

from mtpbackup.virtual import FolderStore, Generated, MemoryStore


@pytest.fixture(params=["memory", "folder"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else FolderStore(tmp_path, reserved=':*?"<>|\\')


def content(store, node):
    reader = store.open(node)
    try:
        return bytes(reader.read(0, reader.size))
    finally:
        reader.close()


def put(store, folder, name, data=b"abc"):
    node = store.create(folder, name)
    store.write(node, 0, data)
    return node


def test_files_and_folders(store):
    folder = store.make_folder(store.root, "DCIM")
    node = put(store, folder, "Grüße 🎄.jpg", b"x" * 100)

    assert [child.name for child in store.children(store.root)] == ["DCIM"]
    assert [(child.name, child.is_folder, child.size) for child in store.children(folder)] == [
        ("Grüße 🎄.jpg", False, 100)
    ]
    assert store.child(folder, "Grüße 🎄.jpg") is node
    assert store.at("DCIM/Grüße 🎄.jpg") is node
    assert content(store, node) == b"x" * 100
    with pytest.raises(FileNotFoundError):
        store.at("DCIM/none")


def test_nodes_stay_the_same(store):
    node = put(store, store.root, "a.jpg")
    assert store.children(store.root)[0] is store.children(store.root)[0] is node
    store.rename(node, "b.jpg")
    assert store.children(store.root)[0] is node
    assert node.name == "b.jpg"
    folder = store.make_folder(store.root, "DCIM")
    store.move(node, folder)
    assert store.at("DCIM/b.jpg") is node
    assert content(store, node) == b"abc"


def test_names_that_are_taken(store):
    node = put(store, store.root, "a.jpg")
    put(store, store.root, "b.jpg")
    folder = store.make_folder(store.root, "DCIM")
    put(store, folder, "a.jpg", b"other")
    with pytest.raises(FileExistsError):
        store.rename(node, "b.jpg")
    with pytest.raises(FileExistsError):
        store.move(node, folder)
    with pytest.raises(FileExistsError):
        store.make_folder(store.root, "a.jpg")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "a:b", 'a"b', "x" * 256, "🎄" * 64])
def test_names_that_no_file_system_takes(store, name):
    node = put(store, store.root, "a.jpg")
    for attempt in (
        lambda: store.create(store.root, name),
        lambda: store.make_folder(store.root, name),
    ):
        with pytest.raises(OSError):
            attempt()
    if "/" not in name:
        with pytest.raises(OSError):
            store.rename(node, name)
    assert [child.name for child in store.children(store.root)] == ["a.jpg"]


def test_writing_in_place(store):
    node = put(store, store.root, "a.mp4", b"0123456789")
    store.write(node, 4, b"xx")
    assert content(store, node) == b"0123xx6789"
    store.write(node, 12, b"end")
    assert content(store, node) == b"0123xx6789\0\0end"
    store.truncate(node, 3)
    assert content(store, node) == b"012"
    store.truncate(node, 6)
    assert content(store, node) == b"012\0\0\0"
    assert store.create(store.root, "a.mp4") is node
    assert content(store, node) == b""


def test_dates(store):
    node = put(store, store.root, "a.jpg")
    store.set_modified(node, 1_700_000_000.0)
    assert node.modified == 1_700_000_000.0


def test_deleting(store):
    folder = store.make_folder(store.root, "DCIM")
    node = put(store, folder, "a.jpg")
    with pytest.raises(OSError):
        store.delete(folder)
    store.delete(node)
    store.delete(folder)
    assert list(store.children(store.root)) == []


def test_a_path_as_new_name_stays_inside(store):
    folder = store.make_folder(store.root, "DCIM")
    node = put(store, folder, "a.jpg")
    store.rename(node, "../b.jpg")
    assert store.at("b.jpg") is node
    store.rename(node, "DCIM/./c.jpg")
    assert store.at("DCIM/c.jpg") is node


def test_an_open_file_outlives_its_name(store):
    node = put(store, store.root, "a.jpg", b"abc")
    reader = store.open(node)
    store.delete(node)
    assert bytes(reader.read(0, 10)) == b"abc"
    reader.close()


# --- in memory --------------------------------------------------------------------------------------------


def test_space_is_counted():
    store = MemoryStore(capacity=1000)
    node = put(store, store.root, "a.jpg", bytes(600))
    assert store.free == 400
    with pytest.raises(OSError) as caught:
        store.write(node, 600, bytes(401))
    assert caught.value.errno == 28
    store.truncate(node, 100)
    assert store.free == 900
    store.add("b.jpg", Generated(500))
    store.add("b.jpg", Generated(200))
    assert store.free == 700
    store.delete(node)
    assert store.free == 800


def test_case_does_not_matter_but_is_kept():
    store = MemoryStore()
    node = put(store, store.root, "Photo.JPG")
    assert store.child(store.root, "photo.jpg") is node
    assert store.create(store.root, "PHOTO.jpg") is node
    assert node.name == "Photo.JPG"
    store.rename(node, "PHOTO.JPG")
    assert store.child(store.root, "photo.jpg") is node
    store.delete(node)
    assert store.child(store.root, "photo.jpg") is None
    sensitive = MemoryStore(folds_case=False)
    put(sensitive, sensitive.root, "a.jpg")
    assert sensitive.child(sensitive.root, "A.jpg") is None


def test_a_builder_may_use_any_name():
    store = MemoryStore()
    store.add("DCIM/a.jpg", b"1")
    store.add("DCIM/A.jpg", b"2")
    assert {node.name for node in store.children(store.at("DCIM"))} == {"a.jpg", "A.jpg"}
    store.add_to(store.root, "../../etc/passwd", b"x")
    assert store.root.children["../../etc/passwd"].size == 1


def test_a_folder_is_not_put_into_itself():
    store = MemoryStore()
    store.folder("a/b")
    with pytest.raises(OSError):
        store.move(store.at("a"), store.at("a/b"))


def test_a_read_only_storage():
    store = MemoryStore(read_only=True)
    node = store.add("a.jpg", b"x")
    for attempt in (
        lambda: store.create(store.root, "b"),
        lambda: store.make_folder(store.root, "b"),
        lambda: store.write(node, 0, b"y"),
        lambda: store.delete(node),
    ):
        with pytest.raises(OSError) as caught:
            attempt()
        assert caught.value.errno == 30


# --- on disk ----------------------------------------------------------------------------------------------


def test_what_is_put_there_is_seen(tmp_path):
    store = FolderStore(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.jpg").write_bytes(b"abc")
    assert store.at("a/b.jpg").size == 3
    (tmp_path / "a" / "b.jpg").write_bytes(b"abcdef")
    assert store.at("a/b.jpg").size == 6
    (tmp_path / "a" / "b.jpg").unlink()
    assert list(store.children(store.at("a"))) == []


def test_a_file_that_becomes_a_folder_is_another_node(tmp_path):
    store = FolderStore(tmp_path)
    (tmp_path / "a").write_bytes(b"")
    node = store.at("a")
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    assert store.at("a") is not node
    assert store.at("a").is_folder


def test_links_and_special_files_are_not_shown(tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    top = tmp_path / "phone"
    top.mkdir()
    (top / "link.jpg").symlink_to(outside)
    (top / "folder").symlink_to(tmp_path)
    os.mkfifo(top / "pipe")
    store = FolderStore(top)
    assert list(store.children(store.root)) == []
    assert store.child(store.root, "link.jpg") is None
    with pytest.raises(OSError):
        store.create(store.root, "link.jpg")
    assert outside.read_bytes() == b"secret"


def test_nothing_leaves_the_folder(tmp_path):
    top = tmp_path / "phone"
    top.mkdir()
    store = FolderStore(top)
    node = put(store, store.root, "a.jpg")
    for name in ("../b.jpg", "x/../../b.jpg", "../phone/b.jpg"):
        with pytest.raises(OSError):
            store.rename(node, name)
    store.rename(node, "/b.jpg")
    assert store.child(store.root, "..") is None
    assert store.at("b.jpg") is node
    assert sorted(path.name for path in tmp_path.iterdir()) == ["phone"]
