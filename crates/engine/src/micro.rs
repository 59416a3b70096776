//! `exact_micro(double, bigint)`: a number in millionths, as an exact integer.
//!
//! Sums of doubles depend on their order; sums of these do not. The integer is used where there is one; a double that
//! is an integer is taken exactly; any other double is rounded to six decimals, halves away from zero.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, Decimal128Array};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// How many parts of one: 10⁶.
pub(crate) const MICRO: i128 = 1_000_000;
/// The type of the result: an integer of 38 digits.
pub(crate) const MICRO_TYPE: DataType = DataType::Decimal128(38, 0);
/// Doubles from here on have no exact place in 38 digits of millionths.
const MAGNITUDE_MAX: f64 = 1e31;

/// See the page. `NULL` for NaN, infinities and magnitudes from 10³¹.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExactMicro {
    signature: Signature,
}

impl Default for ExactMicro {
    fn default() -> Self {
        ExactMicro { signature: Signature::exact(vec![DataType::Float64, DataType::Int64], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ExactMicro {
    fn name(&self) -> &str {
        "exact_micro"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(MICRO_TYPE)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let (doubles, integers) = (arrays[0].as_primitive::<Float64Type>(), arrays[1].as_primitive::<Int64Type>());
        let micros: Decimal128Array = (0..doubles.len())
            .map(|row| {
                let integer = integers.is_valid(row).then(|| i128::from(integers.value(row)) * MICRO);
                integer.or_else(|| doubles.is_valid(row).then(|| micro(doubles.value(row))).flatten())
            })
            .collect();
        Ok(ColumnarValue::Array(Arc::new(micros.with_precision_and_scale(38, 0)?)))
    }
}

/// A double in millionths; `None` when there is no such integer.
fn micro(value: f64) -> Option<i128> {
    if !value.is_finite() || value.abs() >= MAGNITUDE_MAX {
        return None;
    }
    let whole = value.trunc();
    // Both casts are of integers far inside i128. The fraction of a double is exact.
    Some(whole as i128 * MICRO + ((value - whole) * MICRO as f64).round() as i128)
}

#[cfg(test)]
mod tests {
    use super::micro;

    #[test]
    fn doubles_become_millionths() {
        let check = |value: f64, expect: Option<i128>| assert_eq!(micro(value), expect, "{value}");
        check(3.0, Some(3_000_000));
        check(-0.1, Some(-100_000));
        check(0.000_000_5, Some(1));
        check(9_007_199_254_740_993.0, Some(9_007_199_254_740_992_000_000));
        check(1e30, Some(1_000_000_000_000_000_019_884_624_838_656_000_000));
        check(f64::NAN, None);
        check(f64::INFINITY, None);
        check(1e31, None);
    }
}
