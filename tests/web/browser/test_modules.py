"""The parts of the pages that only work things out, by themselves, in the browser's own engine."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def page(surfer, stage):
    """Any page, from which modules can be loaded."""
    surfer.open(stage.url)
    return surfer


def test_words(page):
    said = page.run_module("""
      const w = await import('/static/js/words.js');
      return [
        w.count(3619), w.count(1234567), w.number(1, 'file'), w.number(0, 'file'),
        w.size(999), w.size(999_499), w.size(999_500), w.size(41_800_000_000), w.size(2.5e12),
        w.duration(0), w.duration(99), w.duration(100), w.duration(7500),
        w.moment('2024-05-06T07:08:00'), w.moment('2024-05-06'), w.moment(''), w.moment('2024-13-06'),
        w.longDay('2024-02-29'), w.shortDay('2024-05-06'), w.month('2024-05'), w.month(''),
        w.when('2024-05-06T07:08:00', new Date(2024, 4, 6, 9, 0)),
        w.when('2024-05-05T07:08:00', new Date(2024, 4, 6, 9, 0)),
        w.when('2023-05-05T07:08:00', new Date(2024, 4, 6, 9, 0)), w.when('rubbish'),
        w.harmless('a\\u202eb\\u0000c\\u{1F468}\\u200d\\u{1F469}'),
      ];
    """)
    assert said == [
        *("3,619", "1,234,567", "1 file", "0 files"),
        *("999 bytes", "999 KB", "1.0 MB", "41.8 GB", "2.5 TB"),
        *("a moment", "99 s", "2 min", "2 h 05 min"),
        *("6 May 2024 07:08", "6 May 2024", "no date", "no date"),
        *("Thursday, 29 February 2024", "Mon, 6 May", "May 2024", "No date"),
        *("today at 07:08", "yesterday at 07:08", "5 May 2023 at 07:08", ""),
        "a\ufffdb\ufffdc👨\u200d👩",
    ]


def test_sizes_and_times_are_said_as_the_commands_say_them(page):
    from mtpbackup.messages import words

    sizes = [0, 1, 999, 1000, 12_345, 999_499, 999_500, 1_000_000, 999_949_999, 41_800_000_000, 3 * 10**12]
    times = [0, 0.4, 1, 99.4, 100, 5999, 6000, 36_000]
    said = page.run_module(
        """
      const w = await import('/static/js/words.js');
      const [sizes, times] = args;
      return [sizes.map(w.size), times.map(w.duration)];
    """,
        sizes,
        times,
    )
    assert said[0][2:] == [words.size(each) for each in sizes[2:]]
    assert said[1] == [words.duration(each) for each in times]


def test_days_share_lines_as_long_as_they_fit(page):
    plan = page.run_module("""
      const { layOut } = await import('/static/js/grid/layout.js');
      const days = { '2024-05-06': 3, '2024-05-05': 1, '2024-05-04': 2, '2024-05-03': 9,
        '2024-04-30': 1, '': 2 };
      const entries = Object.entries(days).flatMap(([day, count]) => new Array(count).fill({ day }));
      const plan = layOut(entries, { columns: 5, tile: 200, gap: 8 });
      return {
        lines: plan.lines.map((line) => line.kind === 'days' ? line.days.map((day) => day.key)
          : line.kind === 'month' ? line.month : line.cells.map((cell) => [cell.index, cell.column])),
        tops: plan.lines.map((line) => line.top), height: plan.height,
      };
    """)
    assert plan["lines"] == [
        "2024-05",
        ["2024-05-06", "2024-05-05"],
        [[0, 0], [1, 1], [2, 2], [3, 3]],
        ["2024-05-04"],
        [[4, 0], [5, 1]],
        ["2024-05-03"],
        [[6, 0], [7, 1], [8, 2], [9, 3], [10, 4]],
        [[11, 0], [12, 1], [13, 2], [14, 3]],
        "2024-04",
        ["2024-04-30"],
        [[15, 0]],
        "",
        [""],
        [[16, 0], [17, 1]],
    ]
    assert plan["tops"] == sorted(plan["tops"])
    assert plan["height"] == plan["tops"][-1] + 208


def test_every_entry_has_one_place_whatever_the_window(page):
    wrong = page.run_module("""
      const { layOut, measure, lineAt } = await import('/static/js/grid/layout.js');
      const wrong = [];
      let seed = 7;
      const chance = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
      const entries = [];
      for (let day = 900; day > 0; day -= 1) {
        const key = new Date(Date.UTC(2020, 0, day)).toISOString().slice(0, 10);
        const count = chance(4) ? chance(4) : chance(60);
        for (let n = 0; n < count; n += 1) entries.push({ day: key });
      }
      for (const width of [280, 390, 640, 1024, 1700]) {
        const size = measure(width);
        if (size.columns * (size.tile + size.gap) - size.gap > width) wrong.push(`${width}: too wide`);
        const plan = layOut(entries, size);
        const places = new Set();
        entries.forEach((entry, index) => {
          const line = plan.lines[plan.lineOf[index]];
          const column = plan.columnOf[index];
          if (line.kind !== 'tiles' || column >= size.columns) wrong.push(`${width}: ${index} is nowhere`);
          const found = line.cells.find((cell) => cell.index === index);
          if (found?.column !== column) wrong.push(`${width}: ${index} is elsewhere`);
          places.add(`${plan.lineOf[index]} ${column}`);
        });
        if (places.size !== entries.length) wrong.push(`${width}: two in one place`);
        for (const y of [0, 100, plan.height / 2, plan.height - 1]) {
          const line = plan.lines[lineAt(plan.lines, y)];
          if (!(line.top <= y && y < line.top + line.height)) wrong.push(`${width}: ${y} is in no line`);
        }
      }
      return wrong;
    """)
    assert wrong == []


def test_files_are_grouped_and_the_picture_stands_for_the_group(page):
    entries = page.run_module("""
      const { readListing } = await import('/static/js/collection/items.js');
      const date = '2024-05-06T07:08:00';
      const { entries } = readListing({ folders: [['Internal', 'DCIM']], items: [
        ['1', 'A.DNG', 0, 20, date, 'photo', 1, 'a', ''],
        ['2', 'B.jpg', 0, 5, date, 'photo', 0, '', ''],
        ['3', 'A.JPG', 0, 3, date, 'photo', 0, 'a', ''],
        ['4', 'L.MOV', 0, 9, date, 'video', null, 'l', ''],
        ['5', 'L.HEIC', 0, 1, date, 'photo', null, 'l', ''],
      ] });
      return entries.map((e) => [e.cover.name, e.files.length, e.size, e.mark, e.label]);
    """)
    assert entries == [
        ["A.JPG", 2, 23, False, "Photo and RAW"],
        ["B.jpg", 1, 5, False, ""],
        ["L.HEIC", 2, 10, None, "Live photo"],
    ]


def test_what_several_files_are_together(page):
    groups = {
        "A.JPG A.DNG": "Photo and RAW",
        "A.JPG A.DNG A.xmp": "Photo and RAW",
        "A.HEIC A.MOV": "Live photo",
        "A.HEIC A.MOV A.AAE": "Live photo",
        "A.HEIC A.AAE": "Photo with edits",
        "A.DNG A.xmp": "RAW photo with edits",
        "A_1.jpg A_2.jpg A_3.jpg": "Burst of 3",
        "A_1.jpg A_1.dng A_2.jpg A_2.dng": "Burst of 2",
    }
    said = page.run_module(
        """
      const { groupWord } = await import('/static/js/collection/items.js');
      const kind = (name) => /mov$/i.test(name) ? 'video' : /(xmp|aae)$/i.test(name) ? 'other' : 'photo';
      return args[0].map((names) => groupWord(names.split(' ').map((name) => ({ name, kind: kind(name) }))));
    """,
        list(groups),
    )
    assert dict(zip(groups, said, strict=True)) == groups


SEARCHES = {
    "": ["a", "b", "c", "d"],
    "2024": ["a", "b"],
    "may": ["a", "c", "d"],
    "May 2024": ["a"],
    "6 may 2024": ["a"],
    "may 6": ["a", "c"],
    "2024-11": ["b"],
    "2024-05-06": ["a"],
    "IMG 17": ["b"],
    "mayor": ["d"],
    "may 2024 nothing": [],
}


def test_search(page):
    found = page.run_module(
        """
      const { finder } = await import('/static/js/collection/search.js');
      const entries = [
        ['a', '2024-05-06T07:08:00', 'IMG_0042.jpg'], ['b', '2024-11-17T07:08:00', 'IMG_0017.jpg'],
        ['c', '2023-05-06T07:08:00', 'VID_1.mp4'], ['d', '', 'mayor.jpg'],
      ].map(([key, date, name]) => ({ key, date, files: [{ name }] }));
      return args[0].map((text) => {
        const test = finder(text);
        return entries.filter((entry) => test === null || test(entry)).map((entry) => entry.key);
      });
    """,
        list(SEARCHES),
    )
    assert dict(zip(SEARCHES, found, strict=True)) == SEARCHES
