package page

// The pages of each area; every file that adds one lists it here.
var (
	devicePages  = []content{Device{}, DeviceConfirm{}, DeviceDone{}, DeviceOver{}, Welcome{}, WelcomeOver{}}
	accountPages = []content{Account{}, AccountPassword{}, AccountRemove{}, Profile{}, Tokens{}, TokenNew{}, TokenMade{}}
	peoplePages  = []content{Users{}, UserNew{}, UserLink{}, User{}, Audit{}}
	appPages     = []content{Apps{}, AppNew{}, AppSetup{}, AppView{}, AppAuthorization{}, AppSettings{}, AppProtocol{}, AppNotices{}, AppDevelopers{}, AppKeys{}, AppEvents{}, Scopes{}, ScopeEdit{}, Sent{}}
)
