"""The benchmark for a GPU: its networks are the published ones, and all of it runs, small, on a CPU."""

import sys

import pytest

import full_size


@pytest.mark.parametrize(("name", "gigaflops"), [("audioldm2", 171), ("stable-audio-open-1.0", 2272)])
def test_a_row_of_the_full_networks_takes_as_many_operations_as_was_measured(name, gigaflops):
    assert full_size.operations(name, tiny=False) == pytest.approx(gigaflops * 1e9, rel=5e-3)


@pytest.mark.parametrize(
    ("name", "rows"), [("audioldm2", ["first"]), ("stable-audio-open-1.0", ["first", "directions", "long"])]
)
def test_the_table_is_printed_with_its_floor(name, rows, monkeypatch, capsys):
    monkeypatch.setattr("retone_engine.directions.ROUNDS", 2)
    arguments = ["--tiny", "--model", name, "--device", "cpu", "--steps", "4", "--repeat", "1", "--block", "2", "4"]
    monkeypatch.setattr(sys, "argv", ["full_size.py", *arguments, "--rows", *rows])
    full_size.main()
    printed = capsys.readouterr().out
    head, *lines = printed[printed.index("     calls") :].splitlines()
    assert head.endswith("floor, s")
    precise = ["published, float32", "Retone, float32"]
    each = {
        row: precise if row == "directions" else [*precise, "Retone, bfloat16", "Retone, bfloat16, block 4"]
        for row in rows
    }
    printed = [line for line in lines if line.startswith("  ")]
    assert [line[:28].strip() for line in printed] == [name for row in rows for name in each[row]]
    assert all(0 <= float(line.split()[-1]) < 10 for line in printed)
    apart = next(line for line in lines if line.startswith("first edit") and "apart" in line)
    assert float(apart.split("precision ")[1].split()[0]) < 1e-2
