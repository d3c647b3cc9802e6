"""Points of divisions: real where the pack has them, synthetic inside the right outline elsewhere."""

import pytest

from cities.pack import CityPack
from cities.places import Point
from domain.levels import Level


def test_a_town_with_a_real_point_has_it(guangzhou: CityPack) -> None:
    assert guangzhou.places.point("440106001") == Point(23.15888, 113.34684)


def test_a_real_point_for_77_towns_and_a_synthetic_one_for_the_other_101(guangzhou: CityPack) -> None:
    points = [guangzhou.places.point(town) for town in guangzhou.divisions.areas(Level.TOWN)]

    assert sum(point is not None and not point.synthetic for point in points) == 77
    assert sum(point is not None and point.synthetic for point in points) == 101


def test_every_drawn_point_lies_in_its_own_district(guangzhou: CityPack) -> None:
    communities = [
        area for number, area in enumerate(guangzhou.divisions.areas(Level.COMMUNITY)) if number % 20 == 0
    ]
    for community in communities:
        for area in (community, guangzhou.divisions.children(community)[0]):
            point = guangzhou.places.point(area)
            assert point is not None
            assert point.synthetic
            assert guangzhou.places.district_of(point.latitude, point.longitude) == area[:6]


def test_points_are_drawn_the_same_every_time(guangzhou: CityPack) -> None:
    assert guangzhou.places.point("440106012003013") == guangzhou.places.point("440106012003013")
    assert guangzhou.places.point("440106012003012") != guangzhou.places.point("440106012003013")


def test_a_point_in_the_city_is_located_down_to_a_grid_of_its_district(guangzhou: CityPack) -> None:
    area = guangzhou.locate(23.1329, 113.3267)

    assert area is not None
    assert area.startswith("440106")
    assert guangzhou.divisions.level_of(area) is Level.GRID


@pytest.mark.parametrize(("latitude", "longitude"), [(39.9, 116.4), (22.2, 114.1), (0.0, 0.0)])
def test_a_point_elsewhere_is_located_nowhere(guangzhou: CityPack, latitude: float, longitude: float) -> None:
    assert guangzhou.locate(latitude, longitude) is None


def test_an_area_that_does_not_exist_has_no_point(guangzhou: CityPack) -> None:
    assert guangzhou.places.point("440106999") is None
