import{o,D as a}from"./index-CxICfeJf.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
