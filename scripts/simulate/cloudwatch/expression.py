"""Evaluates the part of CloudWatch's metric math that this project uses.

A series is a float array over time, NaN where there is no datapoint. As in CloudWatch, a result is missing if an
operand is missing or a divisor is zero; SUM over several series skips missing values.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
MINUTES_OF_A_DAY = 24 * 60


class UnknownExpression(ValueError):
    """The expression has a part that is not supported; the message names it."""


def evaluate(expression: str, series: Mapping[str, Series], minutes: NDArray[np.int64]) -> Series:
    """The expression's value at each time.

    Args:
        series: metrics by id, all of one length.
        minutes: when each datapoint begins, counted from a Monday's midnight, UTC.

    Raises:
        UnknownExpression
    """
    tree = ast.parse(re.sub(r"\b(AND|OR)\b", lambda word: word[0].lower(), expression), mode="eval")
    with np.errstate(divide="ignore", invalid="ignore"):
        value = _Evaluator(series, minutes).of(tree.body)
    result: Series = np.broadcast_to(value, minutes.shape).astype(float)
    return np.where(np.isfinite(result), result, np.nan)


class _Evaluator:
    """Walks the expression's tree: Python's grammar has the same operators, calls and precedence."""

    def __init__(self, series: Mapping[str, Series], minutes: NDArray[np.int64]) -> None:
        self._series = series
        self._minutes = minutes

    def of(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._series:
                return self._series[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.of(operand)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
                return ARITHMETIC[type(operator)](self.of(left), self.of(right))
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in COMPARISONS:
                return _where_present(COMPARISONS[type(operator)], self.of(left), self.of(right))
            case ast.BoolOp(op=operator, values=values):
                every = np.logical_and if isinstance(operator, ast.And) else np.logical_or
                return _where_present(every, *(self.of(value) for value in values))
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, arguments)
        raise UnknownExpression(ast.unparse(node))

    def _call(self, function: str, arguments: list[ast.expr]) -> Any:
        if function == "METRICS":
            return np.stack(list(self._series.values()))
        values = [self.of(argument) for argument in arguments]
        match function, values:
            case "IF", [condition, then, otherwise]:
                chosen = np.where(np.nan_to_num(condition) != 0, then, otherwise)
                return np.where(np.isnan(condition), np.nan, chosen)
            case "FILL", [wanted, filling]:
                return np.where(np.isnan(wanted), filling, wanted)
            case "LOG", [wanted]:
                return np.log(wanted)
            case "SUM", [wanted] if np.ndim(wanted) == 2:
                return np.where(np.isnan(wanted).all(axis=0), np.nan, np.nansum(wanted, axis=0))
            case (("HOUR" | "DAY"), [wanted]):
                hour = self._minutes // 60 % 24
                day = self._minutes // MINUTES_OF_A_DAY % 7 + 1
                return np.where(np.isnan(wanted), np.nan, hour if function == "HOUR" else day)
        raise UnknownExpression(function)


def _where_present(function: Callable[..., Any], *values: Any) -> Any:
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    missing = np.any([np.isnan(value) for value in np.broadcast_arrays(*values)], axis=0)
    return np.where(missing, np.nan, result)


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.GtE: np.greater_equal,
    ast.Gt: np.greater,
    ast.LtE: np.less_equal,
    ast.Lt: np.less,
}
