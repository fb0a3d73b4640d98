//! Which parameter of a module each level of PEFT's nesting is for: the order in which the module registers them, where
//! it is known, else the only way in which they fit (spec section 2.8).

use crate::{adapter::Orientation, architecture::EXPERT_PARAMETERS};

/// A parameter for each level, by index, and the orientation in which all of them fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Indices of parameters, one for each level.
    pub parameters: Vec<usize>,
    /// The orientation.
    pub orientation: Orientation,
}

/// Why the levels cannot be assigned.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undecided {
    /// No nesting fits.
    NoFit,
    /// Several do, and the order of registration is not known.
    Several,
}

/// The indices of `parameters` in the order in which transformers registers them; `None` where it is not known.
pub(super) fn registered(parameters: &[&str]) -> Option<Vec<usize>> {
    let place = |name: &str| EXPERT_PARAMETERS.iter().position(|known| *known == name);
    let mut placed: Vec<(usize, usize)> =
        parameters.iter().enumerate().map(|(index, name)| Some((place(name)?, index))).collect::<Option<_>>()?;
    placed.sort_unstable();
    Some(placed.into_iter().map(|(_, index)| index).collect())
}

/// Assigns the parameters to `levels`, of which 0 is the outermost. `fits` says whether the level at an index fits a
/// parameter in an orientation; `orientations` come with the likelier first, and all levels share one.
pub(super) fn assign<T>(
    levels: &[usize],
    parameter_count: usize,
    order: Option<&[usize]>,
    orientations: &[Orientation],
    fits: &dyn Fn(usize, usize, Orientation) -> Option<T>,
) -> Result<Assignment, Undecided> {
    let all_fit = |parameters: &[usize], orientation: Orientation| {
        parameters.iter().enumerate().all(|(index, parameter)| fits(index, *parameter, orientation).is_some())
    };
    // The module's first parameter is the innermost.
    let at_level = |level: &usize| order?.iter().rev().nth(*level).copied();
    if let Some(parameters) = levels.iter().map(at_level).collect::<Option<Vec<usize>>>()
        && let Some(orientation) = orientations.iter().find(|orientation| all_fit(&parameters, **orientation))
    {
        return Ok(Assignment { parameters, orientation: *orientation });
    }
    for orientation in orientations {
        let mut fitting = arrangements(levels.len(), parameter_count);
        fitting.retain(|parameters| all_fit(parameters, *orientation));
        match (fitting.pop(), fitting.is_empty()) {
            (Some(parameters), true) => return Ok(Assignment { parameters, orientation: *orientation }),
            (Some(_), false) => return Err(Undecided::Several),
            (None, _) => {}
        }
    }
    Err(Undecided::NoFit)
}

/// Every choice of `length` different indices below `count`, in every order.
fn arrangements(length: usize, count: usize) -> Vec<Vec<usize>> {
    (0..length).fold(vec![Vec::new()], |shorter, _| {
        let longer = |chosen: &Vec<usize>| {
            let rest = (0..count).filter(|index| !chosen.contains(index));
            rest.map(|index| [&chosen[..], &[index]].concat()).collect::<Vec<_>>()
        };
        shorter.iter().flat_map(longer).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Orientation::{InOut, OutIn};

    /// Levels and parameters as (out, in), and which fit: a level fits a parameter of its shape, turned or not.
    fn assigned(
        levels: &[(usize, usize)],
        parameters: &[(usize, usize)],
        order: Option<&[usize]>,
        orientations: [Orientation; 2],
    ) -> Result<(Vec<usize>, Orientation), Undecided> {
        let fits = |level: usize, parameter: usize, orientation: Orientation| {
            let (first, second) = parameters[parameter];
            let shape = if orientation == OutIn { (first, second) } else { (second, first) };
            (shape == levels[level]).then_some(())
        };
        let numbers: Vec<usize> = (0..levels.len()).collect();
        let assignment = assign(&numbers, parameters.len(), order, &orientations, &fits)?;
        Ok((assignment.parameters, assignment.orientation))
    }

    #[test]
    fn the_likelier_orientation_decides_a_nesting_that_fits_both_ways() {
        let (levels, parameters) = ([(10, 6), (6, 10)], [(10, 6), (6, 10)]);
        assert_eq!(assigned(&levels, &parameters, None, [OutIn, InOut]), Ok((vec![0, 1], OutIn)));
        assert_eq!(assigned(&levels, &parameters, None, [InOut, OutIn]), Ok((vec![1, 0], InOut)));
    }

    #[test]
    fn the_order_of_registration_decides_where_it_is_known() {
        let square = [(8, 8), (8, 8)];
        assert_eq!(assigned(&square, &square, Some(&[1, 0]), [OutIn, InOut]), Ok((vec![0, 1], OutIn)));
        assert_eq!(assigned(&square, &square, None, [OutIn, InOut]), Err(Undecided::Several));
        let names = ["down_proj", "gate_up_proj"];
        assert_eq!(registered(&names), Some(vec![1, 0]));
        assert_eq!(registered(&["w1", "down_proj"]), None);
    }

    #[test]
    fn three_levels_are_assigned_by_their_shapes() {
        let parameters = [(4, 6), (6, 4), (6, 8)];
        assert_eq!(assigned(&[(6, 8), (6, 4), (4, 6)], &parameters, None, [OutIn, InOut]), Ok((vec![2, 1, 0], OutIn)));
        assert_eq!(assigned(&[(1, 2)], &parameters, None, [OutIn, InOut]), Err(Undecided::NoFit));
        assert_eq!(assigned(&[(6, 8)], &parameters[2..], None, [OutIn, InOut]), Ok((vec![0], OutIn)));
    }
}
