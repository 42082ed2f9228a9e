"""The command line: parses, wires objects together, and shows progress. No logic of its own."""
