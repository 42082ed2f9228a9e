"""Holds one conversation with a phone, one transaction at a time.

May be imported by phone.
"""
