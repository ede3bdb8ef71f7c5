"""Settings by name, for hyperparameter searches over optimisers and schedules (``optimizer__rate``)."""

from __future__ import annotations

import copy
import inspect
from typing import Any, TypeVar

S = TypeVar("S", bound="Settings")


class Settings:
    """Constructor arguments stored as attributes, read and set by name as in scikit-learn."""

    @classmethod
    def _setting_names(cls) -> list[str]:
        kinds = inspect.Parameter
        given = inspect.signature(cls.__init__).parameters.values()
        return sorted(p.name for p in given if p.name != "self" and p.kind not in {kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Settings by name.

        Parameters
        ----------
        deep : bool
            Also those of settings that have some themselves, as ``name__setting``.

        Returns
        -------
        dict
            Name to value.
        """
        found: dict[str, Any] = {}
        for name in self._setting_names():
            value = found[name] = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                found.update({f"{name}__{inner}": v for inner, v in value.get_params().items()})
        return found

    def set_params(self: S, **parameters: Any) -> S:
        """Change settings by name; they are checked by the constructor, and nothing changes unless all are valid.

        Parameters
        ----------
        **parameters
            Names as `get_params` gives them.

        Returns
        -------
        Settings
            Itself.
        """
        names = self._setting_names()
        merged = self.get_params(deep=False)
        inner: dict[str, dict[str, Any]] = {}
        for key, value in parameters.items():
            name, _, rest = key.partition("__")
            if name not in names:
                raise ValueError(f"Invalid parameter {name!r} for {self!r}. Valid parameters are: {names!r}.")
            if rest:
                inner.setdefault(name, {})[rest] = value
            else:
                merged[name] = value
        for name, values in inner.items():
            if not hasattr(merged[name], "set_params") or isinstance(merged[name], type):
                key = f"{name}__{next(iter(values))}"
                raise ValueError(f"Invalid parameter {key!r} for {self!r}: {name} is {merged[name]!r:.60}, which has no parameters to set.")
            merged[name] = copy.copy(merged[name]).set_params(**values)
        changed = type(self)(**merged)
        vars(self).clear()
        vars(self).update(vars(changed))
        return self

    def __sklearn_clone__(self: S) -> S:
        """A copy of the settings; there is no other state."""
        return copy.deepcopy(self)
