"""Menus of the screen: lists and forms as frozen values, what keys make of them, and what each offers."""
