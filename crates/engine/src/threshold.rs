//! Comparing values with a decimal threshold, exactly.
//!
//! - Integers are compared with the whole number below the threshold: no rounding.
//! - Decimals are compared in 76 digits.
//! - A double is compared with the double nearest to the threshold. `0.7` in data is that double, so it is `≤ 0.7` and
//!   not `< 0.7`, as whoever wrote both expects; a double that lies beside it is told apart (0.1 + 0.2 is not `≤ 0.3`).
//! - NaN holds against nothing.

use datafusion::arrow::datatypes::{DataType, i256};
use datafusion::logical_expr::Operator;
use datafusion::logical_expr::{Expr, binary_expr, cast, lit};
use datafusion::scalar::ScalarValue;
use model::{Decimal, Fault};
use slo::measure::Comparison;

use crate::refuse::{Author, bad_query_because};

const DIGITS_MAX: u8 = 76;

/// Whether `value`, of type `data_type`, holds against `limit`.
///
/// # Errors
/// `bad-query` when the type is no number.
pub(crate) fn holds(value: Expr, data_type: &DataType, op: Comparison, limit: Decimal) -> Result<Expr, Fault> {
    match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let (op, whole) = whole(op, limit);
            Ok(binary_expr(cast(value, DataType::Int64), op, lit(whole)))
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            Ok(decimals(cast(value, DataType::Decimal128(20, 0)), 0, op, limit))
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let value = cast(value, DataType::Float64);
            // NaN sorts above infinity here.
            let number = value.clone().lt_eq(lit(f64::INFINITY));
            Ok(binary_expr(value, operator(op), lit(limit.approximate())).and(number))
        }
        DataType::Decimal128(_, scale) if (0..=38).contains(scale) => {
            Ok(decimals(value, scale.unsigned_abs(), op, limit))
        }
        DataType::Null => Ok(lit(false)),
        other => Err(no_number(other)),
    }
}

/// `bad-query`: a value is no number.
pub(crate) fn no_number(data_type: &DataType) -> Fault {
    bad_query_because(format!("The value is no number, but {data_type}"), Author::Rule)
        .advise("Write an expression that yields a number, or cast it: CAST(x AS DOUBLE).")
}

fn operator(op: Comparison) -> Operator {
    match op {
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
    }
}

/// The same comparison for integers: against the whole number at or below `limit`.
fn whole(op: Comparison, limit: Decimal) -> (Operator, i64) {
    let unit = 10_i128.pow(limit.scale());
    // At most 18 digits: inside i64.
    let below = limit.mantissa().div_euclid(unit) as i64;
    let exact = limit.mantissa().rem_euclid(unit) == 0;
    let op = match op {
        // With 0.7 the whole number is 0: x < 0.7 and x ≤ 0.7 are both x ≤ 0; x > 0.7 and x ≥ 0.7 are both x > 0.
        Comparison::Less if !exact => Operator::LtEq,
        Comparison::GreaterOrEqual if !exact => Operator::Gt,
        other => operator(other),
    };
    (op, below)
}

fn decimals(value: Expr, scale: u8, op: Comparison, limit: Decimal) -> Expr {
    // 38 digits and 18 digits over a common scale of at most 38 decimals: inside 76 digits.
    let common = u32::from(scale).max(limit.scale());
    let steps =
        i256::from_i128(limit.mantissa()).wrapping_mul(i256::from_i128(10).wrapping_pow(common - limit.scale()));
    let limit = ScalarValue::Decimal256(Some(steps), DIGITS_MAX, common as i8);
    binary_expr(cast(value, DataType::Decimal256(DIGITS_MAX, common as i8)), operator(op), lit(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_compared_with_the_whole_number_below() {
        let check = |op, limit: &str, expect| assert_eq!(whole(op, Decimal::parse(limit).unwrap()), expect, "{limit}");
        check(Comparison::Less, "0.7", (Operator::LtEq, 0));
        check(Comparison::LessOrEqual, "0.7", (Operator::LtEq, 0));
        check(Comparison::Greater, "0.7", (Operator::Gt, 0));
        check(Comparison::GreaterOrEqual, "0.7", (Operator::Gt, 0));
        check(Comparison::Less, "-0.7", (Operator::LtEq, -1));
        check(Comparison::Less, "500", (Operator::Lt, 500));
        check(Comparison::GreaterOrEqual, "500", (Operator::GtEq, 500));
    }
}
