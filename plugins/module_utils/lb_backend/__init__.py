# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Servers behind a HAProxy, taken out and brought back through its administrative socket.

What it asks of a running HAProxy does not go through the transaction interpreter. A drain changes the run-time state of a proxy, not the
host: it touches no file, needs no recovery at boot (a restarted HAProxy has forgotten it), and it must not wait for the
host lock of the load balancer, since many rollouts drain servers on one. What fails is taken back here all the same,
and the rollout that asked for the drain keeps the record of it. Only where a server is added or removed does a file
change too, and that is a transaction of the host as any other.
"""
