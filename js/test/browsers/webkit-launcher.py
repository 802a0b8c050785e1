#!/usr/bin/python3
# A WebKitGTK browser for WebDriver that keeps its data in the folder of its last argument.

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

folder = sys.argv[-1]
manager = WebKit2.WebsiteDataManager(base_data_directory=folder, base_cache_directory=folder)
context = WebKit2.WebContext(website_data_manager=manager)
context.set_automation_allowed(True)
context.set_sandbox_enabled(False)


def create_view(_session):
    view = WebKit2.WebView(is_controlled_by_automation=True, web_context=context)
    window = Gtk.Window()
    window.set_default_size(800, 600)
    window.add(view)
    view.connect("close", lambda _view: window.destroy())
    window.show_all()
    return view


def automation_started(_context, session):
    info = WebKit2.ApplicationInfo()
    info.set_name("Moonkeep")
    info.set_version(1, 0, 0)
    session.set_application_info(info)
    session.connect("create-web-view", create_view)


context.connect("automation-started", automation_started)
Gtk.main()
