"""Fetching: real data for any US region into files beside a campaign."""
