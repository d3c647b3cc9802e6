"""City packs: a city's divisions, catalogue, duty list, policies and calendar, as validated data.

Every folder here that holds a ``city.json`` is a pack; the modules beside them read any pack. Another city is
another folder of files, never code.
"""
