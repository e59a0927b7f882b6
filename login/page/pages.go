package page

// The pages of each area; every file that adds one lists it here.
var (
	devicePages  []content
	accountPages []content
	peoplePages  []content
	appPages     []content
)
